/** What is said to, and asked of, whoever runs setup. */
import { createInterface } from 'node:readline/promises'

export function isTerminal(): boolean {
  return process.stdin.isTTY && process.stdout.isTTY
}

export function tellLines(lines: readonly string[]): void {
  if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`)
}

/** The answer to one question; an end of input, and an aborted wait, is no answer. */
export async function ask(question: string, signal?: AbortSignal): Promise<string> {
  const reader = createInterface({ input: process.stdin, output: process.stdout })
  const ended = new Promise<string>((resolve) => reader.once('close', () => resolve('')))
  try {
    return (await Promise.race([reader.question(question, signal ? { signal } : {}), ended])).trim().toLowerCase()
  } catch (error) {
    if (signal?.aborted) return ''
    throw error
  } finally {
    reader.close()
  }
}
