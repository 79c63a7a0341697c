/** PURE: the checks of the host, what mends it below each. */
import type { Check } from '../../../../policy/api/system.ts'
import type { World } from '../../model/world.ts'
import type { Line } from '../../text/line.ts'
import { emptyLine, prose } from '../../text/lines.ts'
import { wrap } from '../../text/wrap.ts'

/** Cells of the columns of statuses and of subjects; the latter are wider where the terminal is. */
const STATUS = 10
const SUBJECT = { narrow: 20, wide: 30, from: 100 }

export function doctorLines({ checks: { items, error } }: World, width: number): Line[] {
  const failure = error === undefined ? [] : prose(error, width, 'error')
  if (items) return [...failure, ...items.flatMap((check) => describeCheck(check, width)), emptyLine, summary(items)]
  return failure.length > 0 ? failure : prose('The host is being checked; what runs VMs is tried out for that, which can take some seconds.', width)
}

function describeCheck({ status, subject, detail, remedy }: Check, width: number): Line[] {
  const column = width < SUBJECT.from ? SUBJECT.narrow : SUBJECT.wide
  const left = STATUS + column
  const room = Math.max(10, width - left)
  const subjects = wrap(subject, column - 2)
  const details = wrap(detail, room)
  const remedies = remedy === undefined || status === 'ok' ? [] : wrap(remedy, room - 3)
  const right: Line[] = [
    ...details.map((text) => [{ text }]),
    ...remedies.map((text, index) => [{ text: `${index === 0 ? '->' : '  '} ${text}`, meaning: 'key' }]),
  ]
  return Array.from({ length: Math.max(subjects.length, right.length) }, (_unused, index): Line => [
    { text: (index === 0 ? status : '').padEnd(STATUS), meaning: status },
    { text: (subjects[index] ?? '').padEnd(column) },
    ...(right[index] ?? []),
  ])
}

function summary(checks: readonly Check[]): Line {
  const count = (wanted: Check['status']): number => checks.filter(({ status }) => status === wanted).length
  const worst = count('missing') > 0 ? 'missing' : count('degraded') > 0 ? 'degraded' : 'ok'
  return [{ text: `${count('ok')} ok, ${count('degraded')} degraded, ${count('missing')} missing`, meaning: worst }]
}
