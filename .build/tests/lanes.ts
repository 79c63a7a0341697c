/** Runs files beside each other, as many as the machine's cores can take. */
import type { Weight } from './weights.ts'

export interface Load {
  readonly file: string
  readonly weight: Weight
}

/**
 * The longest begins first, and beside it the longest of those that the cores left over can take. One that wants more
 * than the machine has runs alone. The answers are in the order of `loads`; those that an abort left out are missing.
 */
export async function runInLanes<Result>(
  loads: readonly Load[],
  options: { readonly cores: number; readonly signal: AbortSignal; readonly run: (file: string) => Promise<Result> },
): Promise<Result[]> {
  const { cores, signal, run } = options
  const waiting = loads.map((load, index) => ({ ...load, index })).sort((a, b) => b.weight.seconds - a.weight.seconds)
  const results: (readonly [index: number, result: Result])[] = []
  const running = new Set<Promise<void>>()
  let free = cores
  const begin = ({ file, weight, index }: (typeof waiting)[number]): void => {
    const taken = Math.min(weight.cores, cores)
    free -= taken
    const ended = run(file).then((result) => {
      results.push([index, result])
      free += taken
      running.delete(ended)
    })
    running.add(ended)
  }
  while (!signal.aborted) {
    const fits = waiting.findIndex(({ weight }) => Math.min(weight.cores, cores) <= free + ROUNDING)
    if (fits >= 0) begin(...(waiting.splice(fits, 1) as [(typeof waiting)[number]]))
    else if (running.size > 0) await Promise.race(running)
    else break
  }
  await Promise.all(running)
  return results.sort(([a], [b]) => a - b).map(([, result]) => result)
}

/** Weights are decimal fractions, which do not add up to the last digit. */
const ROUNDING = 1e-9
