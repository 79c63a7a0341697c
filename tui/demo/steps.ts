/** Prints each step of the demo with the time that it took. */

export interface Steps {
  run<T>(what: string, work: () => Promise<T>): Promise<T>
  total(): string
}

export function createSteps(say: (line: string) => void): Steps {
  const begin = performance.now()
  return {
    async run(what, work) {
      const from = performance.now()
      const result = await work()
      say(`  ${what.padEnd(44)} ${seconds(performance.now() - from)}`)
      return result
    },
    total: () => seconds(performance.now() - begin).trim(),
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2).padStart(7)} s`
}
