/** One event, one line. */
import type { Event } from '../../../policy/api/events.ts'
import { escapeControls } from './escape.ts'
import type { Paint } from './paint.ts'
import { formatCell } from './value.ts'

export function renderEvent(event: Event, paint: Paint): string {
  const detail = eventDetail(event, paint)
  return escapeControls(`${event.at}  ${event.kind}  ${eventSubject(event)}`) + (detail === '' ? '' : `  ${detail}`)
}

/** Whom it is about. */
export function eventSubject(event: Event): string {
  if ('image' in event) return event.image
  if ('network' in event) return event.network
  if ('vpn' in event) return event.vpn
  if (event.kind === 'helper.decided') return `${event.operation} ${event.subject}`.trimEnd()
  return event.name === undefined ? event.vm : `${event.name} (${event.vm})`
}

/** What is to be said besides its kind; empty where that says it all. Without control characters. */
export function eventDetail(event: Event, paint: Paint = (text) => text): string {
  switch (event.kind) {
    case 'vm.state':
      return `${paint(escapeControls(event.from), event.from)} -> ${paint(escapeControls(event.to), event.to)}`
    case 'vm.agent':
      return escapeControls(event.agent)
    case 'vm.addresses':
      return formatCell('addresses', event.addresses)
    case 'vm.init':
      return event.exitCode === undefined ? event.state : `${event.state}, exit status ${event.exitCode}`
    case 'vpn.peers':
      return escapeControls(event.peers.join(', '))
    case 'helper.decided':
      return escapeControls(event.reason === undefined ? event.decision : `${event.decision}: ${event.reason}`)
    default:
      return ''
  }
}
