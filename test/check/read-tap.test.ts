import t from 'tap'
import { readTap } from '../../.build/tests/read-tap.ts'

function read(tap: string) {
  const reader = readTap('x.test.ts')
  // in pieces, as a pipe gives it
  for (let at = 0; at < tap.length; at += 7) reader.write(tap.slice(at, at + 7))
  return reader.end().map(({ name, result, detail }) => [name, result, ...(detail ? [detail] : [])])
}

t.test('a test counts once, however much it asserts', async (t) => {
  t.same(read('TAP version 14\n# Subtest: adds\n    ok 1 - a\n    ok 2 - b\n    1..2\nok 1 - adds\n1..1\n'), [['adds', 'passed']])
})

t.test('a subtest that only holds subtests does not count, and names those within', async (t) => {
  const inner = '    # Subtest: inner\n        ok 1 - a\n        1..1\n    ok 1 - inner\n    1..1\n'
  t.same(read(`TAP version 14\n# Subtest: outer\n${inner}ok 1 - outer\n1..1\n`), [['outer > inner', 'passed']])
})

t.test('points outside of any subtest are one test with the name of the file', async (t) => {
  t.same(read('TAP version 14\nok 1 - a\nok 2 - b\n1..2\n'), [['', 'passed']])
})

t.test('a failure is told once, where it happened, with its diagnostics', async (t) => {
  const point = '    not ok 1 - sum\n      ---\n      at:\n        fileName: x.test.ts\n        lineNumber: 3\n      diff: |\n        -2\n        +1\n      ...\n'
  t.same(read(`TAP version 14\n# Subtest: adds\n${point}    1..1\nnot ok 1 - adds\n1..1\n`), [
    ['adds', 'failed', 'sum\n  at x.test.ts:3\n  -2\n  +1'],
  ])
})

t.test('skips keep their reason, however they are written', async (t) => {
  t.same(read('TAP version 14\nok 1 - boots # SKIP missing program: qemu\n1..1\n'), [['boots', 'skipped', 'missing program: qemu']])
  t.same(read('TAP version 14\n# Subtest: boots\n    ok 1 - no network # SKIP\n    1..1\nok 1 - boots\n1..1\n'), [
    ['boots', 'skipped', 'no network'],
  ])
  t.same(read('TAP version 14\n1..0 # no network\n'), [['', 'skipped', 'no network']])
})

t.test('a test that is still to do is a skipped one', async (t) => {
  t.same(read('TAP version 14\nnot ok 1 - flies # TODO later\n1..1\n'), [['flies', 'skipped', 'todo: later']])
})

t.test('a test that asserts nothing fails', async (t) => {
  t.same(read('TAP version 14\n# Subtest: empty\n    1..0\nok 1 - empty\n1..1\n'), [['empty', 'failed', 'asserts nothing']])
  t.same(read('TAP version 14\n1..0 # no tests found\n'), [['', 'failed', 'holds no test']])
})

t.test('output that stops short is a failure', async (t) => {
  t.match(read('TAP version 14\n# Subtest: x\n    ok 1 - a\n'), [['x', 'failed', /no plan/]])
  t.match(read('TAP version 14\n1..3\nok 1 - a\n'), [['', 'failed', /number of tests/]])
  t.match(read('TAP version 14\nok 1 - a\nBail out! on fire\n'), [['', 'failed', /on fire/]])
})
