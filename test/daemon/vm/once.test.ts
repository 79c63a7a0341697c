import { setImmediate as turn } from 'node:timers/promises'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { methods, type ParamsInput } from '../../../policy/api/index.ts'
import { createEventBus } from '../../../daemon/events.ts'
import { createOnce, describeRequest } from '../../../daemon/vm/once.ts'
import type { CreateRequest, VmRecord } from '../../../daemon/vm/record.ts'
import { openVmTable, type Entry } from '../../../daemon/vm/table.ts'
import { makeFolder } from '../../fakes/folder.ts'
import { vmRecord } from '../network/harness.ts'
import { createGate, recordLog } from '../rpc/harness.ts'

const request: CreateRequest = { id: 'one', digest: 'aa' }
const other: CreateRequest = { id: 'one', digest: 'bb' }
const unheard = (): void => undefined
const reused = { name: 'UserError', data: { name: 'VM_REQUEST_REUSED', field: 'requestId' } }

/** A table with these records, as a daemon finds it, and VMs that are made as fast as a record is written. */
async function setUp(t: Test, records: readonly Partial<VmRecord>[] = []) {
  const folder = makeFolder(t)
  const at = (name: string): string => join(folder, name)
  const folders = { images: at('images'), disks: at('disks'), config: at('config'), sockets: at('run'), runtime: at('run'), logs: at('log') }
  for (const [index, changes] of records.entries()) {
    const record = vmRecord(`aaaaaaa${'abcdefgh'[index]}`, [], changes)
    mkdirSync(join(folders.config, 'vm', record.id), { recursive: true })
    writeFileSync(join(folders.config, 'vm', record.id, 'vm.json'), JSON.stringify(record))
  }
  const open = async () => await openVmTable(folders, { file: () => undefined }, () => undefined, createEventBus(), recordLog().log)
  const table = await open()
  const undone: string[] = []
  const made: string[] = []
  const once = createOnce(table, async (entry) => {
    undone.push(entry.id)
    if (table.get(entry.id) === entry) await table.remove(entry)
  })
  const make = async (): Promise<Entry> => {
    const id = `bbbbbbb${'abcdefgh'[made.length]}`
    made.push(id)
    return await table.add(vmRecord(id, [], { request }))
  }
  return { table, once, make, made, undone, open }
}

t.test('requests of one id that come in the same moment make one VM, and so does one that comes later', async (t) => {
  const { once, make, made } = await setUp(t)
  const entries = await Promise.all([once(request, unheard, make), once(request, unheard, make), once(request, unheard, make)])
  t.same(new Set(entries).size, 1)
  t.equal(await once(request, unheard, make), entries[0])
  t.same(made, ['bbbbbbba'])
})

t.test('the VM of a request is known to the next daemon', async (t) => {
  const { once, make, open } = await setUp(t)
  const { id } = await once(request, unheard, make)
  t.equal((await open()).findRequest('one')?.id, id)
})

t.test('another request under the same id is refused, while the first is under way and after it', async (t) => {
  const { once, make, made } = await setUp(t)
  const first = once(request, unheard, make)
  await t.rejects(once(other, unheard, make), reused)
  await first
  await t.rejects(once(other, unheard, make), reused)
  t.equal(made.length, 1)
})

t.test('all who wait are told how far it is, also who came late, and which VM it becomes', async (t) => {
  const { once, make } = await setUp(t)
  const gate = createGate()
  const heard: [string, ...unknown[]][] = []
  const listen = (who: string) => (...news: unknown[]) => void heard.push([who, ...news])
  const first = once(request, listen('first'), async (report) => {
    report('making the disk', undefined, 'bbbbbbba' as never)
    await gate.promise
    report('starting QEMU', undefined, 'bbbbbbba' as never)
    return await make()
  })
  await turn()
  const second = once(request, listen('second'), make)
  gate.open()
  t.equal(await first, await second)
  t.same(heard, [
    ['first', 'making the disk', undefined, 'bbbbbbba'],
    ['second', 'making the disk', undefined, 'bbbbbbba'],
    ['first', 'starting QEMU', undefined, 'bbbbbbba'],
    ['second', 'starting QEMU', undefined, 'bbbbbbba'],
  ])
})

t.test('a failure is that of all who wait, and is forgotten', async (t) => {
  const { once, make, made } = await setUp(t)
  const fail = async (): Promise<never> => {
    await turn()
    throw new Error('no space')
  }
  const both = [once(request, unheard, fail), once(request, unheard, make)]
  for (const each of both) await t.rejects(each, { message: 'no space' })
  t.same(made, [])
  await once(other, unheard, make)
  t.equal(made.length, 1, 'another request may have the id by then')
})

t.test('what an earlier daemon has left half made is undone before a VM is made anew', async (t) => {
  const { once, make, made, undone, table } = await setUp(t, [{ phase: 'creating', request }])
  const entry = await once(other, unheard, make)
  t.same(undone, ['aaaaaaaa'])
  t.same(made, [entry.id])
  t.same(Array.from(table.entries(), ({ id }) => id), made)
})

t.test('nothing is made where the rest of an earlier one cannot be undone', async (t) => {
  const { table, make, made } = await setUp(t, [{ phase: 'creating', request }])
  const once = createOnce(table, () => Promise.reject(new Error('read-only')))
  await t.rejects(once(request, unheard, make), { message: 'read-only' })
  t.same(made, [])
})

t.test('a VM that is being deleted is forgotten, whichever of the two goes first', async (t) => {
  const { once, make, table, open } = await setUp(t, [{ phase: 'deleting', request, createdAt: '2027-01-02T03:04:05.678Z' }])
  const entry = await once(request, unheard, make)
  t.equal((await open()).findRequest('one')?.id, entry.id)
  await table.remove(table.get('aaaaaaaa' as never)!)
  t.equal(await once(request, unheard, make), entry)
  await table.save(entry, { ...entry.record, phase: 'deleting' })
  t.not(await once(request, unheard, make), entry)
})

t.test('a VM whose record cannot be read is not made a second time', async (t) => {
  const { once, make, made } = await setUp(t, [{ vcpus: 'many' as never, request }])
  await t.rejects(once(request, unheard, make), { name: 'UserError', data: { name: 'VM_RECORD_BROKEN', field: 'requestId' } })
  t.same(made, [])
})

const digest = (params: Partial<ParamsInput<'vm.create'>>): string =>
  describeRequest('one', methods['vm.create'].params.parse({ image: 'tiny', ...params })).digest

t.test('requests are the same whose params mean the same', (t) => {
  const usual = digest({})
  t.equal(digest({ vcpus: 1, start: true, networks: [{ kind: 'user' }], requestId: 'another' }), usual)
  t.equal(digest({ vcpus: 2, name: 'web' }), digest({ name: 'web', vcpus: 2 }))
  for (const params of [{ image: 'other' }, { vcpus: 2 }, { start: false }, { name: 'web' }, { initScript: 'true' }, { networks: [] }]) {
    t.not(digest(params), usual, JSON.stringify(params))
  }
  t.end()
})
