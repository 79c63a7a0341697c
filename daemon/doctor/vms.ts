/** Looks for what is wrong with the VMs: records that cannot be read, disks that are gone, processes without a record. */
import type { Check } from '../../policy/api/system.ts'
import type { VmTable } from '../vm/table.ts'

export function checkVms(table: VmTable, orphans: readonly { readonly vm: string; readonly pid: number }[]): Check[] {
  const wrong: Check[] = []
  for (const [id, { reason }] of table.broken) {
    wrong.push({ subject: `VM ${id}`, status: 'degraded', detail: `its vm.json cannot be read: ${reason}` })
  }
  for (const { vm, pid } of orphans) {
    const detail = `QEMU runs with pid ${pid} and there is no record of it`
    wrong.push({ subject: `VM ${vm}`, status: 'degraded', detail, remedy: `kill ${pid}` })
  }
  for (const entry of table.entries()) {
    const { problem } = table.view(entry)
    if (problem) wrong.push({ subject: `VM ${entry.id}`, status: 'degraded', detail: problem })
  }
  return wrong.length > 0 ? wrong : [{ subject: 'VMs', status: 'ok', detail: `${table.size} known` }]
}
