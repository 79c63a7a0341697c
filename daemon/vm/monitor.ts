/**
 * Watches each QEMU that runs: one persistent QMP connection a VM, whose events keep {@link Live} true, so that showing a
 * VM costs no call. The connection's end is how the end of QEMU is noticed.
 */
import { setTimeout as delay } from 'node:timers/promises'
import * as z from 'zod'
import type { Logger } from '../log.ts'
import type { EventBus } from '../events.ts'
import type { Qmp, QmpEvent } from '../qemu/qmp.ts'
import type { ServiceManager, ServiceProcess } from '../service/manager.ts'
import { lookForRoom } from '../disk/full.ts'
import { AGENT_PORT } from '../qemu/argv.ts'
import { readDisk } from '../qemu/block.ts'
import type { Live } from './live.ts'
import type { Entry, VmTable } from './table.ts'

export interface Monitor {
  /**
   * Takes a running QEMU under watch; resolves when its QMP has answered. Throws if it has not within the time, or QEMU
   * has ended; then the VM is as before.
   */
  attach(entry: Entry, process: ServiceProcess, withinMs: number): Promise<void>
  /** The same for a QEMU that may hang: it is shown as running at once, and its QMP is tried again for as long as it runs. */
  adopt(entry: Entry, process: ServiceProcess): Promise<void>
  /** The QMP connection of a VM, if there is one now. */
  qmp(entry: Entry): Qmp | undefined
  /** Ends all connections; the QEMUs run on. */
  close(): void
}

interface Dependencies {
  readonly table: VmTable
  readonly services: ServiceManager
  readonly events: EventBus
  readonly log: Logger
  readonly connectQmp: (path: string, options: { timeoutMs: number }) => Promise<Qmp>
  /** Called when a guest's agent has opened its port. */
  readonly onAgent: (entry: Entry, live: Live) => void
}

const ADOPT_WITHIN_MS = 5000
/** A QEMU that starts has its socket within some tens of milliseconds. */
const RETRY_MS = 5
/** After QMP has closed the end of the process is looked for often at first, for it is nearly always at hand. */
const POLL_MS = 20
const POLL_FOR_MS = 1000
const RECONNECT_MS = 2000

const Status = z.object({ running: z.boolean(), status: z.string() })
const Memory = z.object({ 'base-memory': z.number() })
const Cpus = z.array(z.unknown())
const WriteError = z.object({ action: z.string(), nospace: z.boolean().default(false) })
const Chardevs = z.array(z.object({ label: z.string(), 'frontend-open': z.boolean() }))
const Kvm = z.object({ enabled: z.boolean() })
const PortChange = z.object({ id: z.string(), open: z.boolean() })

export function createMonitor({ table, services, events, log, connectQmp, onAgent }: Dependencies): Monitor {
  const connections = new Map<Entry, Qmp>()
  let closing = false
  const isClosing = (): boolean => closing

  const setAgent = (entry: Entry, live: Live, connected: boolean): void => {
    const agent = connected ? 'connected' : 'absent'
    if (live.agent === agent) return
    live.agent = agent
    if (!connected) {
      live.agentAnswered = false
      live.addresses = []
      live.addressesAt = undefined
    }
    table.changed(entry)
    events.emit({ kind: 'vm.agent', vm: entry.id, name: entry.record.name, agent })
    if (connected) onAgent(entry, live)
  }

  const hold = (entry: Entry, live: Live, isFull: boolean): void => {
    if (live.heldByDisk) return
    live.heldByDisk = { isFull, room: undefined }
    table.changed(entry)
    log.warn({ vm: entry.id, isFull }, 'QEMU holds a guest whose disk could not be written')
    void lookForRoom(table, entry).catch((error: unknown) => {
      log.warn({ vm: entry.id, err: error }, 'how much room there is could not be found out')
    })
  }

  const hear = (entry: Entry, live: Live, event: QmpEvent): void => {
    if (event.event === 'RESET') {
      live.resetAt = event.at
      table.changed(entry)
    } else if (event.event === 'STOP' || event.event === 'RESUME') {
      live.paused = event.event === 'STOP'
      if (event.event === 'RESUME') live.heldByDisk = undefined
      table.changed(entry)
    } else if (event.event === 'BLOCK_IO_ERROR') {
      const { data } = WriteError.safeParse(event.data)
      // Before STOP: QEMU tells of each write that failed first, and then that it holds the guest.
      if (data?.action === 'stop') hold(entry, live, data.nospace)
    } else if (event.event === 'VSERPORT_CHANGE') {
      const change = PortChange.safeParse(event.data)
      if (change.success && change.data.id === AGENT_PORT) setAgent(entry, live, change.data.open)
    }
  }

  const open = async (entry: Entry, live: Live, withinMs: number): Promise<Qmp> => {
    const until = performance.now() + withinMs
    for (;;) {
      try {
        const qmp = await connectQmp(entry.paths.qmp, { timeoutMs: Math.max(1, until - performance.now()) })
        if (qmp.pid === undefined || qmp.pid === live.pid) return qmp
        qmp.close()
        throw new Error(`process ${qmp.pid} listens on ${entry.paths.qmp}, not ${live.pid}`)
      } catch (error) {
        const isGone = services.find(entry.service)?.pid !== live.pid
        if (isGone || isClosing() || performance.now() >= until) throw error
        await delay(RETRY_MS)
      }
    }
  }

  const connect = async (entry: Entry, live: Live, withinMs: number): Promise<void> => {
    const qmp = await open(entry, live, withinMs)
    try {
      qmp.onEvent((event) => {
        hear(entry, live, event)
      })
      const [status, chardevs, kvm, memory, cpus] = await Promise.all([
        qmp.execute('query-status').then((answer) => Status.parse(answer)),
        qmp.execute('query-chardev').then((answer) => Chardevs.parse(answer)),
        qmp.execute('query-kvm').then((answer) => Kvm.parse(answer)),
        qmp.execute('query-memory-size-summary').then((answer) => Memory.parse(answer)),
        qmp.execute('query-cpus-fast').then((answer) => Cpus.parse(answer)),
      ])
      const isFull = status.status === 'io-error' && (await readDisk(qmp)).isFull
      live.accelerator = kvm.enabled ? 'kvm' : 'tcg'
      live.memoryMiB = Math.round(memory['base-memory'] / 1_048_576)
      live.vcpus = cpus.length
      live.paused = !status.running
      connections.set(entry, qmp)
      entry.live = live
      if (status.status !== 'io-error') live.heldByDisk = undefined
      table.changed(entry)
      if (status.status === 'io-error') hold(entry, live, isFull)
      setAgent(entry, live, chardevs.some((device) => device.label === 'agent' && device['frontend-open']))
    } catch (error) {
      qmp.close()
      throw error
    }
    void qmp.closed.then(() => lost(entry, live))
  }

  /** QMP has closed: nearly always QEMU has ended, and then its process is gone within milliseconds. */
  const lost = async (entry: Entry, live: Live): Promise<void> => {
    connections.delete(entry)
    if (isClosing()) return
    for (let waited = 0; services.find(entry.service)?.pid === live.pid; waited += POLL_MS) {
      const isLate = waited >= POLL_FOR_MS
      await delay(isLate ? RECONNECT_MS : POLL_MS, undefined, { ref: false })
      if (isClosing() || (isLate && (await reconnect(entry, live, RECONNECT_MS)))) return
    }
    if (entry.live !== live) return
    entry.live = undefined
    log.info({ vm: entry.id, pid: live.pid }, 'QEMU has ended')
    table.changed(entry)
  }

  const reconnect = async (entry: Entry, live: Live, withinMs: number): Promise<boolean> => {
    try {
      await connect(entry, live, withinMs)
      return true
    } catch (error) {
      log.warn({ vm: entry.id, err: error }, 'QEMU runs and its QMP does not answer')
      return false
    }
  }

  return {
    attach: (entry, process, withinMs) => connect(entry, unseen(process), withinMs),
    async adopt(entry, process) {
      const live = unseen(process)
      entry.live = live
      table.changed(entry)
      if (!(await reconnect(entry, live, ADOPT_WITHIN_MS))) void lost(entry, live)
    },
    qmp: (entry) => connections.get(entry),
    close() {
      closing = true
      for (const qmp of connections.values()) qmp.close()
    },
  }
}

/** A QEMU of which nothing is known yet but that it is there. */
export function unseen({ pid, startedAt }: ServiceProcess): Live {
  return {
    pid,
    startedAt,
    accelerator: undefined,
    vcpus: undefined,
    memoryMiB: undefined,
    paused: false,
    heldByDisk: undefined,
    agent: 'absent',
    agentAnswered: false,
    addresses: [],
    addressesAt: undefined,
  }
}
