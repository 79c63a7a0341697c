/** What the terminal shows besides views: what real VMs use, what has happened, what a connection may do. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Event } from '../../policy/api/events.ts'
import type { StatsSample } from '../../policy/api/stats.ts'
import { connect } from '../../tui/client.ts'
import { readSamples } from '../daemon/metrics/read-samples.ts'
import { run, start } from '../tui/command-process.ts'
import { eventually, startTestDaemon } from './daemon.ts'
import { ensureTinyImage } from './tiny-image.ts'

const image = await ensureTinyImage()

t.test('of VMs that run it is told what they use, who may do what, and what has happened', async (t) => {
  const daemon = await startTestDaemon(t)
  const { client } = daemon
  await client.call('image.import', { path: image, name: 'tiny', firstBoot: 'nocloud' })
  const vm = await client.call('vm.create', { image: 'tiny', name: 'web', memoryMiB: 128 })
  await client.call('vm.create', { image: 'tiny', name: 'off', memoryMiB: 64, start: false })
  const observer = await connect({ socket: join(daemon.sockets, 'observe.sock'), env: {}, access: 'observe' })
  t.teardown(() => {
    observer.close()
  })
  const samples: StatsSample[] = []
  const events: Event[] = []
  observer.onNotification('stats', (sample) => samples.push(sample))
  observer.onNotification('event', (event) => events.push(event))
  const command = async (...words: string[]) => await run(t, ['--socket-dir', daemon.sockets, ...words])

  await t.test('system.info tells which socket it was asked on', async (t) => {
    t.match(await client.call('system.info', {}), { access: 'control' })
    t.match(await observer.call('system.info', {}), { access: 'observe' })
  })

  await t.test('a guest that boots computes, and holds memory', async (t) => {
    const { vms } = await observer.call('vm.stats', { overSeconds: 1 })
    t.match(vms, [{ vm: vm.id, name: 'web', cpuPercent: Number, cpuSeconds: Number }], 'one that does not run is left out')
    t.ok(vms[0]!.cpuPercent! > 1, `${vms[0]?.cpuPercent} %`)
    const resident = Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${vm.pid}/status`, 'utf8'))?.[1]) * 1024
    t.ok(vms[0]!.memoryBytes > resident / 2 && vms[0]!.memoryBytes < resident * 2, `${vms[0]?.memoryBytes} of ${resident} bytes`)
    await t.rejects(observer.call('vm.stats', { vms: ['web', 'wbe'] }), { name: 'VM_NOT_FOUND', field: 'vms.1' })
    await t.rejects(observer.call('stats.subscribe', { vms: ['wbe'] }), { name: 'VM_NOT_FOUND', field: 'vms.0' })
    t.match((await command('vm', 'stats', 'web')).stdout, new RegExp(`^ID +NAME +CPU +CPU TIME +MEMORY\n${vm.id} +web +[\\d.]+% +[\\dms ]+ +[\\d.]+ MiB\n$`))
    t.match(await command('vm', 'stats', 'off'), { status: 0, stdout: '', stderr: /none runs/ })
  })

  await t.test('samples come while they are wanted', async (t) => {
    await observer.call('stats.subscribe', { vms: ['web', 'off'], everySeconds: 1 })
    t.equal(samples.length, 1, 'the first before the answer')
    await eventually(() => samples.length >= 3, 'samples')
    t.match(samples.at(-1), { at: String, vms: [{ vm: vm.id, name: 'web', cpuPercent: Number }] })
  })

  await t.test('metrics are text for Prometheus, for observers as well', async (t) => {
    const { text, contentType } = await observer.call('system.metrics', {})
    const samples = readSamples(text)
    t.equal(samples.get('aetherscale_vms{state="running"}'), 1)
    t.equal(samples.get('aetherscale_vms{state="stopped"}'), 1)
    t.equal(samples.get('aetherscale_operations_total{kind="create",outcome="ok"}'), 2)
    t.equal(samples.get('aetherscale_operation_duration_seconds_count{kind="create"}'), 2)
    t.equal(samples.get('aetherscale_rpc_connections{access="control"}'), 1)
    t.equal(samples.get('aetherscale_rpc_connections{access="observe"}'), 1)
    t.equal(samples.get('aetherscale_queued_operations{state="waiting"}'), 0)
    const { vms } = await observer.call('vm.stats', { vms: ['web'] })
    const cpuSeconds = samples.get(`aetherscale_vm_cpu_seconds_total{vm="${vm.id}",name="web"}`) ?? Number.NaN
    t.ok(cpuSeconds > 0 && cpuSeconds <= vms[0]!.cpuSeconds, `${cpuSeconds} s, and ${vms[0]?.cpuSeconds} s a moment later`)
    t.ok((samples.get(`aetherscale_vm_memory_bytes{vm="${vm.id}",name="web"}`) ?? 0) > 1_048_576)

    const { stdout, status } = await command('metrics')
    t.equal(status, 0)
    const linesOf = (printed: string): string[] => printed.split('\n').filter((line) => line.startsWith('#'))
    t.same(linesOf(stdout), linesOf(text), 'the command prints the text alone')
    t.match(JSON.parse((await command('metrics', '--json')).stdout), { contentType, text: /^# HELP aetherscale_/ })

    await t.rejects(client.call('vm.start', { vm: 'web' }).then(() => client.call('vm.snapshot.restore', { vm: 'web', name: 'none' })), { name: 'VM_RUNNING' })
    const later = readSamples((await observer.call('system.metrics', {})).text)
    t.equal(later.get('aetherscale_operations_total{kind="restore",outcome="VM_RUNNING"}'), 1)
    t.equal(later.get('aetherscale_operations_total{kind="start",outcome="ok"}'), 1)
  })

  await t.test('a change that is no other event is one of its own', async (t) => {
    await observer.call('events.subscribe', {})
    await client.call('vm.resize', { vm: 'web', memoryMiB: 256 })
    await eventually(async () => {
      const { operation, atNextStart } = await client.call('vm.get', { vm: 'web' })
      return operation === undefined && atNextStart?.memoryMiB === 256
    }, 'the resize is over')
    await eventually(() => events.length > 0, 'vm.changed')
    t.same([...new Set(events.map((event) => 'vm' in event && `${event.kind} ${event.vm}`))].filter((what) => !/agent|addresses/.test(String(what))), [`vm.changed ${vm.id}`])
  })

  await t.test('a VM that ends while it is looked at is left out', async (t) => {
    await client.call('vm.delete', { vm: 'web' })
    await eventually(() => samples.at(-1)?.vms.length === 0, 'a sample without it')
    t.ok(samples.some(({ vms }) => vms.length > 0), 'which was in those before')
    await observer.call('stats.unsubscribe', {})
  })

  await t.test('who comes later is told what has happened', async (t) => {
    await observer.call('events.unsubscribe', {})
    events.length = 0
    await observer.call('events.subscribe', { kinds: ['vm.created', 'vm.deleted', 'image.imported'], recent: 3 })
    t.match(events, [{ kind: 'vm.created', name: 'web' }, { kind: 'vm.created', name: 'off' }, { kind: 'vm.deleted', name: 'web' }], 'before the answer')
    const printing = start(t, ['--socket-dir', daemon.sockets, 'events', '--kind', 'vm.created', '--kind', 'vm.deleted', '--recent', '2'])
    await printing.sees('vm.deleted  web')
    await client.call('vm.delete', { vm: 'off' })
    await printing.sees('vm.deleted  off')
    t.match(printing.shown(), /^\S+ {2}vm\.created {2}off .*\n\S+ {2}vm\.deleted {2}web .*\n\S+ {2}vm\.deleted {2}off .*\n+$/, 'and then what happens')
  })
})
