/**
 * Turns the TAP (version 14) of one test file into outcomes.
 *
 * A test is a subtest with test points of its own; the points outside of any subtest are one test that has the file's
 * name. So a test counts once, however much it asserts, and a subtest that only holds other subtests does not count.
 */
import { Parser } from 'tap-parser'
import type { FinalResults, Result } from 'tap-parser'
import { describePoint } from './describe-point.ts'
import type { Outcome } from './outcome.ts'

export interface TapReader {
  write(text: string): void
  /** What all of it came to; nothing may be written afterwards. */
  end(): readonly Outcome[]
}

export function readTap(file: string): TapReader {
  const outcomes: Outcome[] = []
  const parser = new Parser()
  watch(parser, [], (name, result, detail) => {
    outcomes.push({ file, name: name.join(' > '), result, ...(detail && { detail }) })
  })
  return {
    write: (text) => void parser.write(text),
    end() {
      parser.end()
      return outcomes
    },
  }
}

type Report = (name: readonly string[], result: Outcome['result'], detail?: string) => void

function watch(parser: Parser, path: readonly string[], report: Report) {
  const own: Result[] = []
  let children = 0
  let failedChildren = 0
  let bailout: string | undefined
  parser.on('child', (child: Parser) => {
    children++
    watch(child, [...path, child.name], report)
  })
  parser.on('assert', (point: Result) => {
    if (!point.closingTestPoint) own.push(point)
    else if (!point.ok) failedChildren++
  })
  parser.on('bailout', (reason: string) => (bailout = reason))
  parser.on('complete', (end: FinalResults) => {
    // a skip or todo with a text of its own is a test that did not run: t.test('name', { skip: 'reason' })
    const isApart = (point: Result) => typeof point.skip === 'string' || Boolean(point.todo)
    for (const point of own.filter(isApart)) {
      report([...path, point.name], 'skipped', typeof point.skip === 'string' ? point.skip : `todo: ${String(point.todo)}`)
    }
    const points = own.filter((point) => !isApart(point))
    const failures = points.filter((point) => !point.ok).map(describePoint)
    if (bailout !== undefined) failures.push(`Bail out! ${bailout}`)
    // a wrong plan and the like; a failed child has already been reported by itself
    const isSilentFailure = !end.ok && failures.length === 0 && failedChildren === 0
    if (isSilentFailure) failures.push(...end.failures.map(describePoint))

    if (failures.length > 0) report(path, 'failed', failures.join('\n'))
    else if (isSilentFailure) report(path, 'failed', 'the TAP output is incomplete')
    else if (end.plan.skipAll && children === 0 && own.length === 0) reportEmpty(end.plan.skipReason, path, report)
    else reportPoints(points, path, report)
  })
}

/** A test without any assertion cannot fail, so it does not pass: it has to say that it is skipped. */
function reportEmpty(reason: string, path: readonly string[], report: Report) {
  const isSkipped = reason !== '' && reason !== 'no tests found'
  report(path, isSkipped ? 'skipped' : 'failed', isSkipped ? reason : path.length === 0 ? 'holds no test' : 'asserts nothing')
}

/** `t.skip('reason')` among the points: the test as a whole has not shown what it says. */
function reportPoints(points: readonly Result[], path: readonly string[], report: Report) {
  const skip = points.find((point) => point.skip)
  if (skip) report(path, 'skipped', skip.name)
  else if (points.length > 0) report(path, 'passed')
}
