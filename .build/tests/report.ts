/** Outcomes as lines for people. Pure. */
import type { Outcome } from './outcome.ts'

/** One line about a file that has ended: `ok    test/policy/wire.test.ts  7 tests, 0.4 s`. */
export function describeFile(file: string, outcomes: readonly Outcome[], ms: number): string {
  const word = outcomes.some((outcome) => outcome.result === 'failed') ? 'FAIL' : 'ok'
  const skipped = outcomes.filter((outcome) => outcome.result === 'skipped').length
  const tests = `${outcomes.length} ${outcomes.length === 1 ? 'test' : 'tests'}${skipped > 0 ? ` (${skipped} skipped)` : ''}`
  return `${word.padEnd(5)} ${file}  ${tests}, ${(ms / 1000).toFixed(1)} s`
}

/** Skips with their reasons, failures with their details, and last of all the line `N passed, N failed[, N skipped]`. */
export function summarize(outcomes: readonly Outcome[]): string {
  const of = (result: Outcome['result']) => outcomes.filter((outcome) => outcome.result === result)
  const skipped = of('skipped')
  const failed = of('failed')
  const skips = skipped.map((outcome) => `  ${title(outcome)}: ${outcome.detail ?? 'no reason given'}`)
  const failures = failed.map((outcome) => `FAIL ${title(outcome)}\n${indent(outcome.detail ?? 'no details')}\n`)
  return [
    '',
    ...(skips.length > 0 ? ['Skipped:', ...skips, ''] : []),
    ...failures,
    `${of('passed').length} passed, ${failed.length} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`,
  ].join('\n')
}

/** In CI every program is there that a test needs, or the machine is set up wrongly: such a skip is a failure. */
export function refuseMissingPrograms(outcomes: readonly Outcome[]): Outcome[] {
  return outcomes.map((outcome) =>
    outcome.result === 'skipped' && /\b(missing|not installed)\b/i.test(outcome.detail ?? '')
      ? { ...outcome, result: 'failed', detail: `skipped in CI: ${outcome.detail}` }
      : outcome,
  )
}

function title({ file, name }: Outcome): string {
  return name ? `${file} > ${name}` : file
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '     ')
}
