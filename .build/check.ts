/**
 * The test command: `node .build/check.ts [--fast | PATH…]`.
 *
 * Everything: generated files, imports, hygiene, bundles, then types, lint and all tests. `--fast` leaves the long ones
 * out. With parts of paths it runs the test files that have them, and nothing else. The last line is
 * `N passed, N failed[, N skipped]`, where each check counts like a test; the exit status is 0 if nothing failed.
 */
import { fileURLToPath } from 'node:url'
import { describeSlowChecks, runQuickChecks } from './checks.ts'
import { giveBack } from './give-back.ts'
import { prepareStarts } from './tests/prepare-starts.ts'
import type { Outcome } from './tests/outcome.ts'
import { describeFile, refuseMissingPrograms, summarize } from './tests/report.ts'
import { findTestFiles, isLong, runTestFiles } from './tests/run-all.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const args = process.argv.slice(2)
const isFast = args.includes('--fast')
const only = args.filter((arg) => arg !== '--fast')

const interruption = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interruption.abort(signal))

const onFile = (file: string, outcomes: readonly Outcome[], ms: number) => console.log(describeFile(file, outcomes, ms))
const checking = { root, signal: interruption.signal, onCheck: onFile }
const isWhole = only.length === 0
const checks = isWhole ? await runQuickChecks(checking) : []
const beside = isWhole ? describeSlowChecks(checking) : []
const files = findTestFiles(root, only).filter((file) => !isFast || !isLong(file))
const { preload, forget } = await prepareStarts(root)
const tests = await runTestFiles(files, { root, signal: interruption.signal, preload, beside, onFile }).finally(forget)
if (files.length === 0) tests.push({ file: 'test', name: only.join(' '), result: 'failed', detail: 'no test ran' })
if (interruption.signal.aborted) {
  const detail = `interrupted by ${String(interruption.signal.reason)}`
  tests.push({ file: 'test', name: '', result: 'failed', detail })
}

giveBack(root, ['dist', '.tap'])

const all = [...checks, ...tests]
const outcomes = process.env['CI'] ? refuseMissingPrograms(all) : all
console.log(summarize(outcomes))
process.exitCode = outcomes.some((outcome) => outcome.result === 'failed') ? 1 : 0
