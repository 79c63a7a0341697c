/** Runs test files, a few at a time. */
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import type { Outcome } from './outcome.ts'
import { runInLanes } from './lanes.ts'
import { runTestFile } from './run-file.ts'
import { weigh, type Weight } from './weights.ts'

/** Ample: a hang is to be told from a busy machine. */
const TIMEOUT_MS = 300_000
/** Tests of the whole: they boot machines, under emulation where there is no KVM. */
const SYSTEM = 'test/system/'
const LONG_SECONDS = 12
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

/** What runs beside the test files, and is told of by itself. */
export interface Job {
  readonly name: string
  readonly weight: Weight
  run(): Promise<Outcome>
}

interface RunAllOptions {
  readonly root: string
  readonly signal: AbortSignal
  /** URL of a module that each file's process imports first. */
  readonly preload: string
  readonly beside: readonly Job[]
  readonly onFile: (file: string, outcomes: readonly Outcome[], ms: number) => void
}

/** The longest first, by what they weigh; what is short fills the cores that they leave over. */
export async function runTestFiles(files: readonly string[], options: RunAllOptions): Promise<Outcome[]> {
  const { root, signal, preload, beside, onFile } = options
  const jobs = new Map(beside.map((job) => [job.name, job]))
  const run = async (name: string): Promise<readonly Outcome[]> => {
    const job = jobs.get(name)
    if (job !== undefined) return [await job.run()]
    const began = performance.now()
    const timeoutMs = isLong(name) ? LONG_TIMEOUT_MS : TIMEOUT_MS
    const outcomes = await runTestFile(name, { root, signal, timeoutMs, preload })
    onFile(name, outcomes, performance.now() - began)
    return outcomes
  }
  const loads = [...beside.map(({ name, weight }) => ({ file: name, weight })), ...files.map((file) => ({ file, weight: weigh(file) }))]
  return (await runInLanes(loads, { cores: availableParallelism(), signal, run })).flat()
}
