/**
 * Tells subscribers of changes of a VM's view that no other event tells. All changes of one turn of the event loop are one, and
 * are told at its end: by then it is known what the others have told.
 */
import type { Event } from '../../policy/api/events.ts'
import type { VmId } from '../../policy/names.ts'
import type { EventBus } from '../events.ts'
import type { Operation } from './state.ts'
import type { Entry, VmTable } from './table.ts'

/** While they run, what changes is on its way: the vm.state at their end tells it. */
const passing: ReadonlySet<Operation> = new Set<Operation>(['start', 'stop', 'restart', 'delete'])
/** After these everything of the VM is new, or gone. */
const telling: ReadonlySet<Event['kind']> = new Set<Event['kind']>(['vm.state', 'vm.created', 'vm.deleted'])

/** Tells from now on what differs from now. */
export function tellChanges(table: Pick<VmTable, 'entries' | 'get' | 'view' | 'onChange'>, events: EventBus): { close(): void } {
  /** Of each VM that there is, as it was when something was last told of it. */
  const known = new Map<Entry, string>()
  const changed = new Set<Entry>()
  const told = new Set<VmId>()

  const read = (entry: Entry): string => JSON.stringify(silentPart(table, entry))
  for (const entry of table.entries()) known.set(entry, read(entry))

  /** Whether it has to be told. */
  const learn = (entry: Entry): boolean => {
    const before = known.get(entry)
    const isTold = told.has(entry.id)
    if (table.get(entry.id) !== entry) {
      known.delete(entry)
      return before !== undefined && !isTold
    }
    if (before !== undefined && !isTold && isOnTheWay(entry)) return false
    const now = read(entry)
    known.set(entry, now)
    return now !== before && !isTold
  }

  const flush = (): void => {
    for (const entry of changed) {
      if (learn(entry)) events.emit({ kind: 'vm.changed', vm: entry.id, name: entry.record.name })
    }
    changed.clear()
    told.clear()
  }

  const flushLater = (): void => {
    if (changed.size === 0 && told.size === 0) setImmediate(flush)
  }

  const detach = [
    table.onChange((entry) => {
      flushLater()
      changed.add(entry)
    }),
    events.on((event) => {
      if (!telling.has(event.kind) || !('vm' in event)) return
      flushLater()
      told.add(event.vm)
    }),
  ]
  return {
    close() {
      for (const stop of detach) stop()
    },
  }
}

function isOnTheWay({ record, operation }: Entry): boolean {
  return record.phase === 'creating' || (operation !== undefined && passing.has(operation))
}

/**
 * The view without what vm.state, vm.agent, vm.addresses and vm.init tell, and without what is another each time that it is asked
 * for: when the guest last told its addresses, and how much room a full disk has by now.
 */
function silentPart(table: Pick<VmTable, 'view'>, entry: Entry): unknown {
  const { state, agent, addresses, addressesAt, firstBoot, networks, problem, ...rest } = table.view(entry)
  const ports = networks.map((nic) => ('confirmed' in nic ? { ...nic, confirmed: undefined } : nic))
  return { ...rest, networks: ports, firstBoot: firstBoot?.via, problem: entry.live?.heldByDisk ? 'held' : problem }
}
