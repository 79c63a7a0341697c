/**
 * The operations that change a VM, in its queue. What is begun is written into the record before it is done, so that the
 * next daemon finishes what this one could not; what it had not begun, the caller was never told.
 */
import type { CreateParams, StopRung } from '../../policy/api/vm.ts'
import { UserError } from '../../policy/errors.ts'
import type * as z from 'zod'
import { giveFirstBoot } from '../firstboot/give.ts'
import { composeRequest } from '../firstboot/request.ts'
import { draftRecord, makeDisk, removeVm } from './create.ts'
import type { Report, VmDependencies } from './dependencies.ts'
import type { Queues } from './queue.ts'
import type { Pending, VmRecord } from './record.ts'
import { prepareVm, startVm } from './start.ts'
import type { Operation } from './state.ts'
import { stopVm } from './stop.ts'
import type { Entry } from './table.ts'

type Rung = z.infer<typeof StopRung>

export interface StopRequest {
  readonly force: boolean
  readonly timeoutSeconds: number
}

const atOnce: StopRequest = { force: true, timeoutSeconds: 0 }
const unheard: Report = () => undefined

export interface Lifecycle {
  create(params: CreateParams & { start: boolean }, report: Report): Promise<Entry>
  /** Answers whether there was anything to do. */
  start(entry: Entry, report: Report): Promise<boolean>
  stop(entry: Entry, request: StopRequest, report: Report): Promise<Rung>
  restart(entry: Entry, request: StopRequest, report: Report): Promise<Rung>
  remove(entry: Entry): Promise<void>
  /** Finishes or undoes what an earlier daemon had begun. */
  recover(entry: Entry): Promise<void>
}

export function createLifecycle(deps: VmDependencies, queues: Queues<Entry>): Lifecycle {
  /** For each VM, the stops that were asked for and are not over: how to cut their waiting for the guest short. */
  const stops = new Map<Entry, Set<AbortController>>()

  /** Runs `work` in the VM's queue while `operation` shows; what it settles is pending in the record until it is over. */
  const operate = <T>(
    entry: Entry,
    operation: Operation,
    work: (settle: (next: Pending | undefined) => Promise<void>) => Promise<T>,
  ): Promise<T> =>
    queues.run(entry, async () => {
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
    })

  /** A disk that is full must not keep anybody from stopping or deleting a VM: then the daemon alone remembers. */
  const note = async (entry: Entry, change: Partial<VmRecord>): Promise<void> => {
    const record = { ...entry.record, ...change }
    try {
      await deps.table.save(entry, record)
    } catch (error) {
      deps.log.error({ vm: entry.id, err: error }, 'vm.json could not be written; a crash now would forget the operation')
      entry.record = record
      deps.table.changed(entry)
    }
  }

  /** Runs `work` with a ladder that later stops can hasten, from now on and not only once its turn has come. */
  const withLadder = async <T>(
    entry: Entry,
    { force, timeoutSeconds }: StopRequest,
    report: Report,
    work: (runLadder: () => Promise<Rung>) => Promise<T>,
  ): Promise<T> => {
    const waiting = stops.get(entry) ?? new Set()
    if (force) for (const earlier of waiting) earlier.abort()
    const hastening = new AbortController()
    stops.set(entry, waiting.add(hastening))
    try {
      const options = { force, timeoutMs: timeoutSeconds * 1000, hasten: hastening.signal }
      return await work(() => stopVm(deps, entry, options, report))
    } finally {
      waiting.delete(hastening)
      if (waiting.size === 0) stops.delete(entry)
    }
  }

  const start = (entry: Entry, report: Report): Promise<boolean> =>
    operate(entry, 'start', async (settle) => {
      requireKept(entry)
      if (entry.live?.paused) return await goOn(entry)
      if (entry.live) return false
      await settle({ operation: 'start' })
      await startVm(deps, entry, report)
      return true
    })

  /** A guest that is held, by hand or by QEMU on a full disk, is let run. */
  const goOn = async (entry: Entry): Promise<boolean> => {
    const qmp = deps.monitor.qmp(entry)
    if (!qmp) throw new UserError('VM_START_FAILED', `QEMU of VM ${entry.id} does not answer`, { hint: 'Stop it by force' })
    await qmp.execute('cont')
    return true
  }

  const stop = (entry: Entry, request: StopRequest, report: Report): Promise<Rung> =>
    withLadder(entry, request, report, (runLadder) =>
      operate(entry, 'stop', async (settle) => {
        if (entry.live) await settle({ operation: 'stop', ...request })
        return await runLadder()
      }),
    )

  const restart = (entry: Entry, request: StopRequest, report: Report): Promise<Rung> =>
    withLadder(entry, request, report, (runLadder) =>
      operate(entry, 'restart', async (settle) => {
        requireKept(entry)
        await settle({ operation: 'restart', ...request })
        const rung = await runLadder()
        await settle({ operation: 'start' })
        await startVm(deps, entry, report)
        return rung
      }),
    )

  const remove = (entry: Entry): Promise<void> =>
    withLadder(entry, atOnce, unheard, (runLadder) =>
      operate(entry, 'delete', async () => {
        await note(entry, { phase: 'deleting', pending: undefined })
        await runLadder()
        await deps.attachments.detach(entry.record)
        await removeVm(deps, entry)
        deps.events.emit({ kind: 'vm.deleted', vm: entry.id, name: entry.record.name })
      }),
    )

  /** Ends and removes a VM that did not come to be. A tap that stays is removed by the next daemon. */
  const undo = (entry: Entry): Promise<void> =>
    withLadder(entry, atOnce, unheard, async (runLadder) => {
      await runLadder()
      await deps.attachments.detach(entry.record).catch((error: unknown) => {
        deps.log.warn({ vm: entry.id, err: error }, 'a tap of a VM that did not come to be is left')
      })
      await removeVm(deps, entry)
    })

  return {
    start,
    stop,
    restart,
    remove,
    async create(params, report) {
      const draft = await draftRecord(deps, params)
      // In the same turn, so that a network that is deleted meanwhile either is gone here or sees this VM.
      deps.attachments.check(params.networks)
      const entry = await deps.table.add(draft)
      return queues.run(entry, async () => {
        try {
          report('making the disk')
          await makeDisk(deps, entry)
          await giveFirstBoot(deps, entry, composeRequest(draft, params), report)
          deps.table.look(entry)
          if (params.start) await startVm(deps, entry, report)
          else await prepareVm(deps, entry)
          await deps.table.save(entry, { ...entry.record, phase: 'ready' })
        } catch (error) {
          await undo(entry).catch((failure: unknown) => {
            deps.log.error({ vm: entry.id, err: failure }, 'a VM that did not come to be could not be removed; the next start goes on')
          })
          throw error
        }
        deps.events.emit({ kind: 'vm.created', vm: entry.id, name: entry.record.name })
        return entry
      })
    },
    async recover(entry) {
      const { phase, pending } = entry.record
      if (phase === 'creating') await queues.run(entry, () => undo(entry))
      else if (phase === 'deleting') await remove(entry)
      else if (pending?.operation === 'start') await start(entry, unheard)
      else if (pending?.operation === 'stop') await stop(entry, pending, unheard)
      else if (pending?.operation === 'restart') await restart(entry, pending, unheard)
    },
  }
}

/** A deletion that was begun is only ever finished. */
function requireKept({ record }: Entry): void {
  if (record.phase !== 'deleting') return
  throw new UserError('VM_NOT_FOUND', `VM ${record.name ?? record.id} is being deleted`, {
    field: 'vm',
    hint: `To finish that: aetherscale vm delete ${record.id}`,
  })
}

function gone(entry: Entry): UserError {
  return new UserError('VM_NOT_FOUND', `VM ${entry.record.name ?? entry.id} was deleted meanwhile`, { field: 'vm' })
}
