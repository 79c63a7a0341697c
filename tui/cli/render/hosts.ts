/** Hosts on the broker, as a table for people. Pure. */
import type { Host } from '../../../policy/broker/cluster.ts'
import { parsePublicKey } from '../../cluster/keys/key-text.ts'
import { formatQuantity } from '../quantity.ts'
import { escapeControls } from './escape.ts'
import { alignColumns } from './layout.ts'

export function renderHosts(hosts: readonly Host[]): string[] {
  const rows = hosts.map((each) => [
    each.host,
    each.takes === undefined ? '-' : each.takes ? 'yes' : `no: ${escapeControls(each.why ?? '')}`,
    roomOf(each.vms, String),
    roomOf(each.memoryMiB, (value) => formatQuantity(value, 'MiB')),
    roomOf(each.diskMiB, (value) => formatQuantity(value, 'MiB')),
    each.ageSeconds === undefined ? 'not heard' : formatQuantity(each.ageSeconds, 's'),
    each.trust,
    parsePublicKey(each.publicKey ?? '')?.fingerprint ?? '-',
  ])
  return alignColumns([['HOST', 'TAKES', 'VMS', 'MEMORY', 'DISK', 'AGE', 'TRUST', 'KEY'], ...rows])
}

function roomOf(room: Host['vms'], say: (value: number) => string): string {
  if (!room) return '-'
  return room.limit === undefined ? say(room.used) : `${say(room.used)}/${say(room.limit)}`
}
