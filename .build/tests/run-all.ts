/** Runs test files, a few at a time. */
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import type { Outcome } from './outcome.ts'
import { runInLanes } from './lanes.ts'
import { runTestFile } from './run-file.ts'
import { weigh } from './weights.ts'

/** Ample: a hang is to be told from a busy machine. */
const TIMEOUT_MS = 300_000
/** Tests of the whole: they boot machines, under emulation where there is no KVM. */
const SYSTEM = 'test/system/'
const LONG_SECONDS = 30
const LONG_TIMEOUT_MS = 900_000

/** All test files in order, or those that one of `only` is a part of. */
export function findTestFiles(root: string, only: readonly string[] = []): string[] {
  const files = globSync('test/**/*.test.{ts,tsx}', { cwd: root })
  return files.filter((file) => only.length === 0 || only.some((part) => file.includes(part.replace(/^\.\//, '')))).sort()
}

/** System tests, and whatever else nobody waits for between two changes. */
export function isLong(file: string): boolean {
  return file.startsWith(SYSTEM) || weigh(file).seconds >= LONG_SECONDS
}

/** First those that need little, one a core; then the long ones, by what they weigh. */
export async function runTestFiles(
  files: readonly string[],
  options: { root: string; signal: AbortSignal; onFile: (file: string, outcomes: readonly Outcome[], ms: number) => void },
): Promise<Outcome[]> {
  const { root, signal, onFile } = options
  const cores = availableParallelism()
  const run = async (file: string) => {
    const began = performance.now()
    const timeoutMs = isLong(file) ? LONG_TIMEOUT_MS : TIMEOUT_MS
    const outcomes = await runTestFile(file, { root, signal, timeoutMs })
    onFile(file, outcomes, performance.now() - began)
    return outcomes
  }
  const loads = files.map((file) => ({ file, weight: weigh(file) }))
  const small = await runInLanes(loads.filter(({ file }) => !isLong(file)), { cores, signal, run })
  const large = await runInLanes(loads.filter(({ file }) => isLong(file)), { cores, signal, run })
  return [...small, ...large].flat()
}
