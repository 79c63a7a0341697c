/** Changes what the host does with a VM by itself. To be called in the VM's queue. */
import type { VmDependencies } from './dependencies.ts'
import type { Operator } from './operate.ts'
import { renewUnit } from './start.ts'
import type { Entry } from './table.ts'

/**
 * The record comes first, and says that the host is still to follow it until it does. Where the host cannot, the record is as it
 * was. Throws NO_SPACE, HOST_IO, SERVICE_MANAGER_FAILED and, where the VM's unit has to be written first, what {@link renewUnit}
 * throws.
 */
export async function setAutostart(deps: VmDependencies, operator: Operator, entry: Entry, autostart: boolean): Promise<void> {
  const before = entry.record.autostart
  // If the host cannot write this down, nothing is begun.
  await deps.table.save(entry, { ...entry.record, autostart, pending: { operation: 'set' } })
  await followRecord(deps, operator, entry, before)
}

/** Has the host start the VM with itself, or not, as its record says; where it cannot, the record says `before`. */
export async function followRecord(deps: VmDependencies, { note }: Operator, entry: Entry, before: boolean): Promise<void> {
  const { autostart } = entry.record
  deps.table.look(entry)
  try {
    if (autostart && entry.file?.state === 'missing') await renewUnit(deps, entry, entry.record)
    await deps.services.enable(entry.service, autostart)
    deps.table.look(entry)
  } catch (error) {
    // A manager that died before it answered may have done it all the same.
    deps.table.look(entry)
    if (entry.file?.enabled === autostart) return
    await note(entry, { autostart: before, pending: undefined })
    throw error
  }
}
