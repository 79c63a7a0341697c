/** What is now, looked at when it is asked for: no process is started and no guest is asked. */
import { Counter, Gauge, type Registry } from 'prom-client'
import { VmState } from '../../policy/api/vm.ts'
import type { Connection } from '../rpc/connection.ts'
import type { Observer } from '../stats/look.ts'
import type { Queues } from '../vm/queue.ts'
import type { Entry, VmTable } from '../vm/table.ts'

export interface Present {
  readonly table: Pick<VmTable, 'entries'>
  readonly observer: Observer
  readonly queues: Pick<Queues<Entry>, 'load'>
  readonly connections: Iterable<Pick<Connection, 'access'>>
}

/** Answers what brings the registry up to now. */
export function observePresent(registry: Registry, { table, observer, queues, connections }: Present): () => void {
  const registers = [registry]
  const ofVm = ['vm', 'name'] as const
  const states = new Gauge({ name: 'aetherscale_vms', help: 'VMs by state', labelNames: ['state'] as const, registers })
  const queued = new Gauge({
    name: 'aetherscale_queued_operations',
    help: "What is in the VMs' queues: waiting for its turn, or running",
    labelNames: ['state'] as const,
    registers,
  })
  const clients = new Gauge({
    name: 'aetherscale_rpc_connections',
    help: "Connections to the daemon's sockets, by what they may do",
    labelNames: ['access'] as const,
    registers,
  })
  const cpu = new Counter({
    name: 'aetherscale_vm_cpu_seconds_total',
    help: 'CPU time that the QEMU of a running VM has used on this host; begins anew with each start',
    labelNames: ofVm,
    registers,
  })
  const memory = new Gauge({
    name: 'aetherscale_vm_memory_bytes',
    help: 'Memory that the QEMU of a running VM has resident',
    labelNames: ofVm,
    registers,
  })

  return () => {
    const counts = new Map(VmState.options.map((state) => [state, 0]))
    for (const { state } of table.entries()) counts.set(state, (counts.get(state) ?? 0) + 1)
    for (const [state, count] of counts) states.set({ state }, count)

    for (const state of ['waiting', 'running'] as const) queued.set({ state }, queues.load[state])

    const open = { control: 0, observe: 0 }
    for (const { access } of connections) open[access] += 1
    for (const [access, count] of Object.entries(open)) clients.set({ access }, count)

    cpu.reset()
    memory.reset()
    for (const { vm, name = '', cpuSeconds, memoryBytes } of observer.compare(new Map(), observer.look(undefined)).vms) {
      cpu.inc({ vm, name }, cpuSeconds)
      memory.set({ vm, name }, memoryBytes)
    }
  }
}
