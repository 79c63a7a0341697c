/**
 * The operations that change a VM, in its queue. What is begun is written into the record before it is done, so that the
 * next daemon finishes what this one could not; what it had not begun, the caller was never told.
 */
import type { Params } from '../../policy/api/index.ts'
import type { StopRung } from '../../policy/api/vm.ts'
import type * as z from 'zod'
import { giveFirstBoot } from '../firstboot/give.ts'
import { composeRequest } from '../firstboot/request.ts'
import { finishDiskWork } from '../disk/recover.ts'
import { draftRecord, makeDisk, removeVm } from './create.ts'
import type { Report, VmDependencies } from './dependencies.ts'
import { createOnce, describeRequest } from './once.ts'
import { requireKept, type Operator } from './operate.ts'
import { resumeGuest } from './pause.ts'
import type { Queues } from './queue.ts'
import type { CreateRequest, Pending, VmRecord } from './record.ts'
import { followRecord, setAutostart } from './set.ts'
import { prepareVm, startVm } from './start.ts'
import { stopVm } from './stop.ts'
import type { Entry } from './table.ts'

type Rung = z.infer<typeof StopRung>

export interface StopRequest {
  readonly force: boolean
  readonly timeoutSeconds: number
}

export interface MakeRequest {
  readonly start: boolean
  readonly fillDisk: (entry: Entry) => Promise<void>
}

const atOnce: StopRequest = { force: true, timeoutSeconds: 0 }
const unheard: Report = () => undefined

export interface Lifecycle {
  /**
   * With a `requestId`: at most one VM for all calls with it. Throws what {@link draftRecord}, {@link CreateOnce} and
   * {@link Lifecycle.make} throw.
   */
  create(params: Params<'vm.create'>, report: Report): Promise<Entry>
  /**
   * Makes a VM of a draft, whose disk `fillDisk` makes: whole, or nothing is left of it. Resolves when the VM is known, with
   * what it becomes. Throws VM_NAME_TAKEN, and what {@link Vpns.hold} throws.
   */
  make(draft: VmRecord, request: MakeRequest, report: Report): Promise<{ readonly made: Promise<Entry> }>
  /** Answers whether there was anything to do. */
  start(entry: Entry, report: Report): Promise<boolean>
  stop(entry: Entry, request: StopRequest, report: Report): Promise<Rung>
  restart(entry: Entry, request: StopRequest, report: Report): Promise<Rung>
  remove(entry: Entry): Promise<void>
  setAutostart(entry: Entry, autostart: boolean): Promise<void>
  /** Finishes or undoes what an earlier daemon had begun. */
  recover(entry: Entry): Promise<void>
}

export function createLifecycle(deps: VmDependencies, queues: Queues<Entry>, operator: Operator): Lifecycle {
  const { operate, note } = operator
  /** For each VM, the stops that were asked for and are not over: how to cut their waiting for the guest short. */
  const stops = new Map<Entry, Set<AbortController>>()

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
      if (entry.live?.paused) return await resumeGuest(deps, entry)
      if (entry.live) return false
      await settle({ operation: 'start' })
      await startVm(deps, entry, report)
      return true
    })

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

  const remove = async (entry: Entry): Promise<void> => {
    await withLadder(entry, atOnce, unheard, (runLadder) =>
      operate(entry, 'delete', async () => {
        await note(entry, { phase: 'deleting', pending: undefined })
        await runLadder()
        await deps.attachments.detach(entry.record)
        await removeVm(deps, entry)
        deps.events.emit({ kind: 'vm.deleted', vm: entry.id, name: entry.record.name })
      }),
    )
    // Not in the VM's turn: a VPN's may wait for that.
    await deps.vpns.tidy(entry.record.networks)
  }

  /** Ends and removes a VM that did not come to be. A tap that stays is removed by the next daemon. */
  const undo = (entry: Entry): Promise<void> =>
    withLadder(entry, atOnce, unheard, async (runLadder) => {
      await runLadder()
      await deps.attachments.detach(entry.record).catch((error: unknown) => {
        deps.log.warn({ vm: entry.id, err: error }, 'a tap of a VM that did not come to be is left')
      })
      await removeVm(deps, entry)
    })

  /** In one turn, so that a network that is deleted meanwhile either is gone here or sees this VM. */
  const makeKnown = async (draft: VmRecord): Promise<Entry> => {
    deps.attachments.check(draft.networks)
    return await deps.table.add(draft)
  }

  const make: Lifecycle['make'] = async (draft, { start, fillDisk }, report) => {
    const release = await deps.vpns.hold(draft.networks)
    const entry = await makeKnown(draft).catch(async (error: unknown) => {
      await release()
      throw error
    })
    const making = operator.run(entry, 'create', async () => {
      try {
        await fillDisk(entry)
        deps.table.look(entry)
        if (start) await startVm(deps, entry, report)
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
    return { made: making.finally(release) }
  }

  const finish = async (entry: Entry, pending: Pending): Promise<void> => {
    switch (pending.operation) {
      case 'start':
        return void (await start(entry, unheard))
      case 'stop':
        return void (await stop(entry, pending, unheard))
      case 'restart':
        return void (await restart(entry, pending, unheard))
      case 'set':
        return await operate(entry, 'set', () => followRecord(deps, operator, entry, !entry.record.autostart))
      case 'resize':
      case 'snapshot':
      case 'restore':
        await finishDiskWork(deps, operator, entry, pending)
    }
  }

  const createNew = async (params: Params<'vm.create'>, request: CreateRequest | undefined, report: Report): Promise<Entry> => {
    const draft = await draftRecord(deps, params, request)
    // Nothing is told before the record is written, which makes the id one that lasts.
    const tell: Report = (message, fraction) => report(message, fraction, draft.id)
    const fillDisk = async (entry: Entry): Promise<void> => {
      tell('making the disk')
      await makeDisk(deps, entry)
      await giveFirstBoot(deps, entry, composeRequest(draft, params), tell)
    }
    return await (await make(draft, { start: params.start, fillDisk }, tell)).made
  }

  /** In its turn: it may have been undone by then. */
  const undoUnfinished = (entry: Entry): Promise<void> =>
    queues.run(entry, async () => {
      if (deps.table.get(entry.id) === entry && entry.record.phase === 'creating') await undo(entry)
    })
  const once = createOnce(deps.table, undoUnfinished)

  return {
    start,
    stop,
    restart,
    remove,
    setAutostart: (entry, autostart) =>
      operate(entry, 'set', async () => {
        requireKept(entry)
        await setAutostart(deps, operator, entry, autostart)
      }),
    make,
    async create(params, report) {
      if (params.requestId === undefined) return await createNew(params, undefined, report)
      const request = describeRequest(params.requestId, params)
      return await once(request, report, (tell) => createNew(params, request, tell))
    },
    async recover(entry) {
      const { phase, pending } = entry.record
      if (phase === 'creating') await undoUnfinished(entry)
      else if (phase === 'deleting') await remove(entry)
      else if (pending) await finish(entry, pending)
    },
  }
}
