import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { Event } from '../../../policy/api/events.ts'
import { createEventBus } from '../../../daemon/events.ts'
import type { ServiceFile } from '../../../daemon/service/manager.ts'
import { openVmTable, type Entry, type VmTable } from '../../../daemon/vm/table.ts'
import { tellChanges } from '../../../daemon/vm/tell-changes.ts'
import { makeFolder } from '../../fakes/folder.ts'
import { vmRecord } from '../network/harness.ts'
import { recordLog } from '../rpc/harness.ts'
import { liveOf } from '../stats/scene.ts'

const unit: ServiceFile = { path: '/home/ann/aetherscale-vm-aaaaaaaa.service', state: 'generated', enabled: true, isolated: true }

/** A VM that runs, as a daemon finds it, and what is told of it from then on. */
async function setUp(t: Test, changes: Parameters<typeof vmRecord>[2] = {}) {
  const folder = makeFolder(t)
  const at = (name: string): string => join(folder, name)
  const folders = { images: at('images'), disks: at('disks'), config: at('config'), sockets: at('run'), runtime: at('run'), logs: at('log') }
  const bus = createEventBus()
  const events: Event[] = []
  const host = { file: unit }
  const table = await openVmTable(folders, { file: () => host.file }, () => undefined, bus, recordLog().log)
  const vm = await table.add(vmRecord('aaaaaaaa', [{ kind: 'user', forwards: [] }], { name: 'web' as never, ...changes }))
  vm.live = { ...liveOf(4711), vcpus: 1, memoryMiB: 64 }
  table.changed(vm)
  bus.on((event) => events.push(event))
  const { close } = tellChanges(table, bus)
  t.teardown(close)
  /** What has been told by the end of this turn. */
  const heard = async (): Promise<string[]> => {
    await turn()
    return events.splice(0).map(({ kind }) => kind)
  }
  return { table, vm, bus, host, heard, events }
}

/** What is seen of a VM that runs is a property of its own, and may change. */
function change(table: VmTable, entry: Entry, news: Partial<Entry>): void {
  Object.assign(entry, news)
  table.changed(entry)
}

const changes: readonly [string, (vm: Entry) => Partial<Entry>][] = [
  ['an operation that leaves the state', () => ({ operation: 'resize' })],
  ['sizes that hold from the next start on', ({ record }) => ({ record: { ...record, memoryMiB: 128 } })],
  ['the size of the disk', ({ record }) => ({ record: { ...record, diskMiB: 128 } })],
  ['whether it starts with the host', ({ record }) => ({ record: { ...record, autostart: true } })],
  ['its networks', ({ record }) => ({ record: { ...record, networks: [] } })],
  ['a unit that was edited', () => ({ file: { ...unit, state: 'edited' } })],
  ['a unit that was disabled', () => ({ file: { ...unit, enabled: false } })],
  ['a guest that its disk holds', ({ live }) => ({ live: live && { ...live, heldByDisk: { isFull: true, room: undefined } } })],
]
for (const [what, news] of changes) {
  t.test(`${what} is one event, once`, async (t) => {
    const { table, vm, heard } = await setUp(t)
    change(table, vm, news(vm))
    table.changed(vm)
    t.same(await heard(), ['vm.changed'])
    table.changed(vm)
    t.same(await heard(), [], 'and is not told again')
  })
}

t.test('the event says which VM', async (t) => {
  const { table, vm, events } = await setUp(t)
  change(table, vm, { operation: 'snapshot' })
  await turn()
  t.match(events, [{ kind: 'vm.changed', vm: 'aaaaaaaa', name: 'web', at: String }])
})

t.test('an operation that begins and ends is two events, and one of which nothing is left at the end of a turn is none', async (t) => {
  const { table, vm, heard } = await setUp(t)
  change(table, vm, { operation: 'clone' })
  t.same(await heard(), ['vm.changed'])
  change(table, vm, { operation: undefined })
  t.same(await heard(), ['vm.changed'])
  change(table, vm, { operation: 'clone' })
  change(table, vm, { operation: undefined })
  t.same(await heard(), [])
})

t.test('what the state tells is not told twice', async (t) => {
  const { table, vm, heard } = await setUp(t)
  change(table, vm, { operation: 'stop' })
  t.same(await heard(), ['vm.state'])
  change(table, vm, { live: undefined })
  t.same(await heard(), [], 'on the way')
  change(table, vm, { operation: undefined, hasDisk: true })
  t.same(await heard(), ['vm.state'])
  change(table, vm, { operation: 'start' })
  change(table, vm, { live: liveOf(4712) })
  t.same(await heard(), ['vm.state'])
  change(table, vm, { operation: undefined })
  t.same(await heard(), ['vm.state'])
  change(table, vm, {})
  t.same(await heard(), [], 'all of it is known')
})

t.test('nor what the agent and the addresses tell', async (t) => {
  const { table, vm, bus, heard } = await setUp(t)
  const { live } = vm
  const addresses = [{ interface: 'eth0', address: '10.0.2.15', prefixLength: 24 }]
  change(table, vm, { live: live && { ...live, agent: 'connected' } })
  bus.emit({ kind: 'vm.agent', vm: vm.id, agent: 'connected' })
  change(table, vm, { live: live && { ...live, agent: 'connected', addresses, addressesAt: new Date(1) } })
  bus.emit({ kind: 'vm.addresses', vm: vm.id, addresses })
  t.same(await heard(), ['vm.agent', 'vm.addresses'])
  change(table, vm, { live: live && { ...live, agent: 'connected', addresses, addressesAt: new Date(2) } })
  t.same(await heard(), [], 'nor that the guest told the same again')
})

t.test('but what they do not tell is told besides', async (t) => {
  const { table, vm, bus, heard } = await setUp(t)
  change(table, vm, { operation: 'resize' })
  bus.emit({ kind: 'vm.agent', vm: vm.id, agent: 'connected' })
  t.same(await heard(), ['vm.agent', 'vm.changed'])
})

t.test('how much room a full disk has is looked for whenever somebody asks, and asking makes no event', async (t) => {
  const { table, vm, heard } = await setUp(t)
  const held = { isFull: true, room: { mountPoint: '/srv', freeBytes: 0 } }
  change(table, vm, { live: vm.live && { ...vm.live, heldByDisk: held } })
  t.same(await heard(), ['vm.changed'])
  held.room = { mountPoint: '/srv', freeBytes: 5_000_000 }
  table.changed(vm)
  t.same(await heard(), [])
})

t.test('a look at a unit that somebody has edited meanwhile tells it', async (t) => {
  const { table, vm, host, heard } = await setUp(t)
  table.look(vm)
  await heard()
  host.file = { ...unit, state: 'missing' }
  table.look(vm)
  t.same(await heard(), ['vm.changed'])
})

t.test('a VM that is begun to be made is told, and one that did not come to be', async (t) => {
  const { table, heard } = await setUp(t)
  const made = await table.add(vmRecord('bbbbbbbb', [], { phase: 'creating' }))
  t.same(await heard(), ['vm.changed'])
  change(table, made, { live: liveOf(4713) })
  t.same(await heard(), [], 'on the way')
  await table.remove(made)
  t.same(await heard(), ['vm.changed'])
})

t.test('of a VM that is deleted its deletion is told alone', async (t) => {
  const { table, vm, bus, heard } = await setUp(t)
  await table.remove(vm)
  bus.emit({ kind: 'vm.deleted', vm: vm.id })
  t.same(await heard(), ['vm.deleted'])
})

t.test('a deletion that failed shows: its operation has ended, and the state stays', async (t) => {
  const { table, vm, heard } = await setUp(t)
  change(table, vm, { operation: 'delete', record: { ...vm.record, phase: 'deleting' } })
  t.same(await heard(), ['vm.state'])
  change(table, vm, { operation: undefined })
  t.same(await heard(), ['vm.changed'])
})

t.test('what was told of a VM that did not change then covers nothing that changes later', async (t) => {
  const { table, vm, bus, heard } = await setUp(t)
  bus.emit({ kind: 'vm.created', vm: vm.id })
  t.same(await heard(), ['vm.created'])
  change(table, vm, { operation: 'resize' })
  t.same(await heard(), ['vm.changed'])
})
