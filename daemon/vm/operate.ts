/** How an operation on a VM is run: in its queue, shown while it runs, and remembered in the record where it has to be finished. */
import { UserError } from '../../policy/errors.ts'
import type { OperationKind, OperationMeter } from '../metrics/operations.ts'
import type { VmDependencies } from './dependencies.ts'
import type { Queues } from './queue.ts'
import type { Pending, VmRecord } from './record.ts'
import type { Operation } from './state.ts'
import type { Entry } from './table.ts'

export interface Operator {
  /** Runs `work` in the VM's queue and counts it: all operations on VMs pass here. */
  run<T>(entry: Entry, kind: OperationKind, work: () => Promise<T>): Promise<T>
  /**
   * Runs `work` in the VM's queue while `operation` shows; what it settles is pending in the record until it is over. Throws
   * VM_NOT_FOUND where the VM was deleted meanwhile.
   */
  operate<T>(entry: Entry, operation: Operation, work: (settle: (next: Pending | undefined) => Promise<void>) => Promise<T>): Promise<T>
  /** A disk that is full must not keep anybody from stopping or deleting a VM: then the daemon alone remembers. */
  note(entry: Entry, change: Partial<VmRecord>): Promise<void>
}

export function createOperator(deps: Pick<VmDependencies, 'table' | 'log'>, queues: Queues<Entry>, meter: OperationMeter): Operator {
  const run: Operator['run'] = (entry, kind, work) => queues.run(entry, () => meter.measure(kind, work))
  const note: Operator['note'] = async (entry, change) => {
    const record = { ...entry.record, ...change }
    try {
      await deps.table.save(entry, record)
    } catch (error) {
      deps.log.error({ vm: entry.id, err: error }, 'vm.json could not be written; a crash now would forget the operation')
      entry.record = record
      deps.table.changed(entry)
    }
  }

  return {
    run,
    note,
    operate: (entry, operation, work) =>
      run(entry, operation, async () => {
        if (deps.table.get(entry.id) !== entry) throw gone(entry)
        const settle = (next: Pending | undefined): Promise<void> => note(entry, { pending: next })
        entry.operation = operation
        deps.table.changed(entry)
        try {
          return await work(settle)
        } finally {
          entry.operation = undefined
          if (deps.table.get(entry.id) === entry) {
            if (entry.record.pending) await settle(undefined)
            else deps.table.changed(entry)
          }
        }
      }),
  }
}

/** A deletion that was begun is only ever finished. */
export function requireKept({ record }: Entry): void {
  if (record.phase !== 'deleting') return
  throw new UserError('VM_NOT_FOUND', `VM ${record.name ?? record.id} is being deleted`, {
    field: 'vm',
    hint: `To finish that: aetherscale vm delete ${record.id}`,
  })
}

function gone(entry: Entry): UserError {
  return new UserError('VM_NOT_FOUND', `VM ${entry.record.name ?? entry.id} was deleted meanwhile`, { field: 'vm' })
}
