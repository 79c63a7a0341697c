import t from 'tap'
import type { Outcome } from '../../.build/tests/outcome.ts'
import { describeFile, refuseMissingPrograms, summarize } from '../../.build/tests/report.ts'

const passed: Outcome = { file: 'a.test.ts', name: 'adds', result: 'passed' }
const failed: Outcome = { file: 'b.test.ts', name: '', result: 'failed', detail: 'sum\n-2\n+1' }
const skipped: Outcome = { file: 'c.test.ts', name: 'boots', result: 'skipped', detail: 'missing program: qemu-img' }

const lastLine = (outcomes: readonly Outcome[]) => summarize(outcomes).split('\n').at(-1)

t.test('the last line counts, and speaks of skips only where there are some', async (t) => {
  t.equal(lastLine([passed, passed]), '2 passed, 0 failed')
  t.equal(lastLine([passed, failed, skipped]), '1 passed, 1 failed, 1 skipped')
  t.equal(lastLine([]), '0 passed, 0 failed')
})

t.test('skips stand there with their reason, failures with their details', async (t) => {
  const text = summarize([passed, failed, skipped])
  t.match(text, '\n  c.test.ts > boots: missing program: qemu-img\n')
  t.match(text, '\nFAIL b.test.ts\n     sum\n     -2\n     +1\n')
})

t.test('one line says how a file went', async (t) => {
  t.equal(describeFile('a.test.ts', [passed], 1234), 'ok    a.test.ts  1 test, 1.2 s')
  t.equal(describeFile('a.test.ts', [passed, skipped], 0), 'ok    a.test.ts  2 tests (1 skipped), 0.0 s')
  t.equal(describeFile('a.test.ts', [passed, failed], 0), 'FAIL  a.test.ts  2 tests, 0.0 s')
})

t.test('in CI a skip for a missing program is a failure, and for another reason is not', async (t) => {
  const elsewhere: Outcome = { ...skipped, detail: 'needs root' }
  t.match(refuseMissingPrograms([skipped, elsewhere, passed]), [
    { result: 'failed', detail: 'skipped in CI: missing program: qemu-img' },
    { result: 'skipped', detail: 'needs root' },
    { result: 'passed' },
  ])
})
