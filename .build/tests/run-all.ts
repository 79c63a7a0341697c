/** Runs test files, a few at a time. */
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import type { Outcome } from './outcome.ts'
import { runTestFile } from './run-file.ts'

/** Ample: a hang is to be told from a busy machine. */
const TIMEOUT_MS = 300_000
/** Tests of the whole: they boot machines, under emulation where there is no KVM. */
const SYSTEM = 'test/system/'
const SYSTEM_TIMEOUT_MS = 600_000

/** All test files in order, or those that one of `only` is a part of. */
export function findTestFiles(root: string, only: readonly string[] = []): string[] {
  const files = globSync('test/**/*.test.{ts,tsx}', { cwd: root })
  return files.filter((file) => only.length === 0 || only.some((part) => file.includes(part.replace(/^\.\//, '')))).sort()
}

export function isSystemTest(file: string): boolean {
  return file.startsWith(SYSTEM)
}

/**
 * First those that need little, one a core; then the system tests, one for two cores: an emulated guest takes one and
 * what is tested with it another.
 */
export async function runTestFiles(
  files: readonly string[],
  options: { root: string; signal: AbortSignal; onFile: (file: string, outcomes: readonly Outcome[], ms: number) => void },
): Promise<Outcome[]> {
  const cores = availableParallelism()
  const run = async (file: string) => {
    const began = performance.now()
    const timeoutMs = isSystemTest(file) ? SYSTEM_TIMEOUT_MS : TIMEOUT_MS
    const outcomes = await runTestFile(file, { root: options.root, signal: options.signal, timeoutMs })
    options.onFile(file, outcomes, performance.now() - began)
    return outcomes
  }
  const small = await mapLimited(files.filter((file) => !isSystemTest(file)), cores, options.signal, run)
  const large = await mapLimited(files.filter(isSystemTest), Math.ceil(cores / 2), options.signal, run)
  return [...small, ...large].flat()
}

async function mapLimited<Item, Result>(
  items: readonly Item[],
  limit: number,
  signal: AbortSignal,
  run: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  const queue = [...items.entries()]
  const work = async () => {
    for (let next = queue.shift(); next && !signal.aborted; next = queue.shift()) results[next[0]] = await run(next[1])
  }
  await Promise.all(Array.from({ length: limit }, work))
  return results
}
