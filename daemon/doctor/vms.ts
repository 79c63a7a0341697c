/** Looks for what is wrong with the VMs that there are: records that cannot be read, disks that are gone. */
import type { Check } from '../../policy/api/system.ts'
import type { Isolation } from '../service/manager.ts'
import type { VmTable } from '../vm/table.ts'

export function checkVms(table: VmTable): Check[] {
  const wrong: Check[] = []
  for (const [id, { reason }] of table.broken) {
    wrong.push({ subject: `VM ${id}`, status: 'degraded', detail: `its vm.json cannot be read: ${reason}` })
  }
  for (const entry of table.entries()) {
    const { problem } = table.view(entry)
    if (problem) wrong.push({ subject: `VM ${entry.id}`, status: 'degraded', detail: problem })
  }
  return wrong.length > 0 ? wrong : [{ subject: 'VMs', status: 'ok', detail: `${table.size} known` }]
}

/** Apart, a guest that breaks out of QEMU finds its own disk and nothing else of the user's. */
export function checkIsolation({ kind, reason }: Isolation): Check {
  const subject = 'isolation of VMs'
  return kind === 'unit' ? { subject, status: 'ok', detail: reason } : { subject, status: 'degraded', detail: reason }
}
