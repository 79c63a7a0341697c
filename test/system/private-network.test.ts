/** VMs on the host's network: the real helper and the real daemon in a namespace of the test's own, radvd, and real guests. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { locateProgram } from '../../daemon/service/environment.ts'
import type { Event } from '../../policy/api/events.ts'
import type { Vm } from '../../policy/api/vm.ts'
import { connect } from '../../tui/client.ts'
import { startHelper, type TestHelper } from '../helper/helper-process.ts'
import { lacksTaps, openNamespace, type Namespace } from '../helper/namespace.ts'
import { routerAdvertisement } from '../inputs/router-advertisement.ts'
import { eventually, startTestDaemon, type TestDaemon } from './daemon.ts'
import { ensureTinyImage } from './tiny-image.ts'

const skip = lacksTaps()
const lacksRadvd = locateProgram('radvd') === undefined && 'radvd is not installed'
/** In the namespace the daemon is uid 0 of it. */
const UID = 0
const PREFIX = 'fd00:ae:0:1::/64'
/** Machines that run tests are slow and busy; this only bounds waits that should end long before. */
const WITHIN_MS = 240_000

interface Host {
  readonly namespace: Namespace
  readonly helper: TestHelper
  readonly daemon: TestDaemon
}

async function startHost(t: Test): Promise<Host> {
  const image = await ensureTinyImage()
  const namespace = await openNamespace(t)
  namespace.ask('ip', 'link', 'add', 'br0', 'type', 'bridge')
  namespace.ask('ip', 'link', 'set', 'br0', 'up')
  const helper = await startHelper(t, namespace, { [UID]: { bridges: ['br0'], prefix: 'fd00:ae::/32' } })
  const daemon = await startTestDaemon(t, { AETHERSCALE_HELPER_SOCKET: helper.socket(UID) }, namespace)
  await daemon.client.call('image.import', { path: image, name: 'tiny', firstBoot: 'nocloud' })
  return { namespace, helper, daemon }
}

interface OwnLink {
  readonly name: string
  readonly kind: string
  readonly key: string
  readonly bridge?: string
}

async function ownLinks(helper: TestHelper): Promise<OwnLink[]> {
  return (await helper.ask(UID, 'link.list')).result?.['links'] as OwnLink[]
}

async function tapOf(helper: TestHelper, { id }: Pick<Vm, 'id'>, nic = 0): Promise<OwnLink | undefined> {
  return (await ownLinks(helper)).find(({ key }) => key === `${id}.${nic}`)
}

/** The keys of the links that the helper has made. */
async function keysOf(helper: TestHelper): Promise<string[]> {
  return (await ownLinks(helper)).map(({ key }) => key).sort()
}

/** They come to be those of `wanted`, which is asked anew each time: a daemon that has just started changes both. */
async function keysBecome(t: Test, helper: TestHelper, wanted: () => Promise<string[]>, message: string): Promise<void> {
  for (const until = performance.now() + WITHIN_MS; ; await delay(100)) {
    const [found, expected] = [await keysOf(helper), (await wanted()).sort()]
    if (found.join() !== expected.join() && performance.now() < until) continue
    t.same(found, expected, message)
    return
  }
}

/** The kernel's number for a link: one that was made anew has another. */
function indexOf({ namespace }: Host, name: string): string {
  return namespace.ask('cat', `/sys/class/net/${name}/ifindex`).trim()
}

function startRadvd(t: Test, { namespace, helper }: Host): void {
  const pidFile = join(helper.folder, 'radvd.pid')
  const [file, args] = namespace.enter('radvd', '-C', join(helper.folder, 'radvd.conf'), '-n', '-m', 'stderr', '-p', pidFile)
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', file, ...args], { stdio: 'ignore', env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } })
  t.teardown(async () => {
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  })
}

/** Waits for an address that the guest made from the prefix, as its agent tells it. */
async function addressOf({ daemon }: Host, vm: Vm): Promise<string> {
  let found: string | undefined
  const isThere = async (): Promise<boolean> => {
    const { addresses } = await daemon.client.call('vm.get', { vm: vm.id })
    found = addresses.find(({ address }) => address.startsWith('fd00:ae:0:1:'))?.address
    return found !== undefined
  }
  await eventually(isThere, `VM ${vm.id} has an address of ${PREFIX}`)
  return found!
}

/** Types a line into the guest, again until it is read by a shell, and waits until its console shows what is to be there. */
async function inGuest(t: Test, { daemon }: Host, vm: Vm, line: string, shows: RegExp): Promise<void> {
  const client = await connect({ directory: daemon.sockets, env: {}, access: 'control' })
  t.teardown(() => {
    client.close()
  })
  const { socket, early } = await client.upgrade('vm.console', { vm: vm.id })
  let seen = Buffer.from(early).toString()
  socket.on('data', (chunk) => (seen += chunk.toString()))
  socket.resume()
  // what is typed before the shell is there is lost
  const typing = setInterval(() => socket.write(`\n${line}\n`), 20_000)
  socket.write(`\n${line}\n`)
  await eventually(() => shows.test(seen), () => `${String(shows)} on the console, which shows: ${seen}`).finally(() => {
    clearInterval(typing)
  })
}

/** A tap that root made, which nothing filters. */
function plug({ namespace }: Host, tap: string, bridge: string): void {
  namespace.ask('ip', 'tuntap', 'add', tap, 'mode', 'tap')
  namespace.ask('sh', '-c', `echo 1 >/proc/sys/net/ipv6/conf/${tap}/disable_ipv6`)
  namespace.ask('ip', 'link', 'set', tap, 'master', bridge, 'up')
}

/** Has somebody on this tap advertise themselves as a router. */
function advertise({ namespace }: Host, tap: string): void {
  const frame = routerAdvertisement('52:54:00:66:66:66', 'fd00:bad:0:1::/64').toString('hex')
  namespace.ask(process.execPath, join(import.meta.dirname, 'send-frame.ts'), tap, frame)
}

function hostAddressesAndRoutes({ namespace }: Host): string {
  return namespace.ask('ip', '-6', 'address') + namespace.ask('ip', '-6', 'route')
}

t.test('VMs on a private network get addresses, reach each other, and leave the host as it was', { skip: skip || lacksRadvd }, async (t) => {
  const host = await startHost(t)
  const { daemon, helper, namespace } = host
  const { client } = daemon
  const events: Event[] = []
  client.onNotification('event', (event) => events.push(event))
  await client.call('events.subscribe', { kinds: ['network.created', 'network.deleted'] })

  const made = await client.call('network.create', { name: 'lan', prefix: PREFIX })
  t.match(made, { name: 'lan', prefix: PREFIX, vms: [], problem: undefined })
  t.same(await client.call('network.create', { name: 'lan', prefix: 'fd00:ae:0:1:0::/64' }), made, 'again, and nothing changes')
  await t.rejects(client.call('network.create', { name: 'lan' }), { name: 'NETWORK_NAME_TAKEN' })
  startRadvd(t, host)

  const networks = [{ kind: 'network' as const, name: 'lan' }]
  const make = (name: string): Promise<Vm> => client.call('vm.create', { image: 'tiny', name, memoryMiB: 96, networks })
  const [one, two] = await Promise.all([make('one'), make('two')])
  t.match(one.networks, [{ kind: 'network', name: 'lan' }])
  t.same((await client.call('network.get', { network: 'lan' })).vms.toSorted(), [one.id, two.id].toSorted())
  await t.rejects(client.call('network.delete', { network: 'lan' }), { name: 'NETWORK_IN_USE' })

  const [, address] = await Promise.all([addressOf(host, one), addressOf(host, two)])
  await inGuest(t, host, one, `ping -6 -c 3 -W 5 ${address}`, /[1-3] packets received/)

  await t.test('the host believes no guest that says it is a router', async (t) => {
    const before = hostAddressesAndRoutes(host)
    plug(host, 'pretendx', (await ownLinks(helper)).find(({ kind }) => kind === 'bridge')!.name)
    advertise(host, 'pretendx')
    t.equal(hostAddressesAndRoutes(host), before)
    // On a bridge that is not the helper's the same frame does what it is made for: it is heard.
    namespace.ask('sh', '-c', 'echo 2 >/proc/sys/net/ipv6/conf/br0/accept_ra')
    // Which the bridge may not do at once: it sees the carrier of its first port in the kernel's own time.
    const hears = (): boolean => /fd00:bad:0:1:.*scope global/.test(hostAddressesAndRoutes(host))
    plug(host, 'pretendy', 'br0')
    for (const until = performance.now() + WITHIN_MS; !hears() && performance.now() < until; ) advertise(host, 'pretendy')
    t.match(hostAddressesAndRoutes(host), /fd00:bad:0:1:.*scope global/)
    t.match(hostAddressesAndRoutes(host), /default via fe80::.* dev br0/)
    namespace.ask('ip', 'link', 'delete', 'pretendx')
  })

  await t.test('the next daemon removes what nothing wants, and leaves alone what runs', async (t) => {
    await helper.ask(UID, 'bridge.ensure', { network: 'old' })
    const taps = [(await tapOf(helper, one))!, (await tapOf(helper, two))!]
    const before = taps.map(({ name }) => indexOf(host, name))
    const addressOfTap = (): string => namespace.ask('cat', `/sys/class/net/${taps[0]!.name}/address`).trim()
    const address = addressOfTap()
    // as after an upgrade from a version that gave taps other addresses
    namespace.ask('ip', 'link', 'set', taps[0]!.name, 'address', 'fe:54:00:12:34:56')
    await daemon.kill()
    await daemon.start()
    await keysBecome(t, helper, async () => ['lan', `${one.id}.0`, `${two.id}.0`], 'one link of each that there is')
    await eventually(() => addressOfTap() === address, 'the address that the tap is to have')
    t.same(taps.map(({ name }) => indexOf(host, name)), before)
  })

  await t.test('a tap that went missing under a VM that is stopped is there again when it starts', async (t) => {
    await daemon.client.call('vm.stop', { vm: 'one', force: true })
    const tap = (await tapOf(helper, one))!
    namespace.ask('ip', 'link', 'delete', tap.name)
    await daemon.client.call('vm.start', { vm: 'one' })
    t.same(await tapOf(helper, one), tap, 'by the same name, on the same bridge')
  })

  await daemon.client.call('vm.delete', { vm: 'one' })
  t.same(await keysOf(helper), [`${two.id}.0`, 'lan'].sort())
  await daemon.client.call('vm.delete', { vm: 'two' })
  t.same(await daemon.client.call('network.delete', { network: 'lan' }), { name: 'lan' })
  t.same(await ownLinks(helper), [])
  t.same(await daemon.client.call('network.list', {}), { networks: [] })
  t.same(readdirSync(join(daemon.root, 'config', 'network')), [])
  t.same(events.map(({ kind }) => kind), ['network.created'], 'the first daemon told of what it did')
})

t.test('a VM joins a bridge of the admin, and what the allowlist does not grant is refused whole', { skip }, async (t) => {
  const host = await startHost(t)
  const { daemon, helper, namespace } = host
  const { client } = daemon
  const on = (...networks: ({ kind: 'bridge'; bridge: string } | { kind: 'network'; name: string } | { kind: 'user' })[]) =>
    ({ image: 'tiny', memoryMiB: 64, networks })

  const plan = await client.call('vm.plan', on({ kind: 'user' }, { kind: 'bridge', bridge: 'br0' }))
  t.match(plan.networks[1], /^bridge br0: .*tap\.ensure \{"vm":"[a-z]{8}","nic":1,"attach":\{"bridge":"br0"\},"mac":/)
  t.ok(plan.commands.at(-1)?.argv.some((word) => /^tap,id=net1,ifname=<tap of [a-z]{8}\.1>,/.test(word)))
  t.same(await ownLinks(helper), [], 'a plan makes nothing')

  const vm = await client.call('vm.create', on({ kind: 'user' }, { kind: 'bridge', bridge: 'br0' }))
  const tap = await tapOf(helper, vm, 1)
  t.match(tap, { kind: 'tap', bridge: 'br0', up: true })
  t.match(namespace.ask('ip', 'link', 'show', 'master', 'br0'), new RegExp(`${tap?.name}: .*LOWER_UP`), 'QEMU holds it')

  const refused: [object, { name: string; hint?: RegExp; field?: string }][] = [
    [on({ kind: 'bridge', bridge: 'br1' }), { name: 'NET_DENIED', hint: /"br1" to "bridges"/ }],
    [on({ kind: 'bridge', bridge: 'br0' }, { kind: 'bridge', bridge: 'br1' }), { name: 'NET_DENIED' }],
    [on({ kind: 'user' }, { kind: 'network', name: 'none' }), { name: 'NETWORK_NOT_FOUND', field: 'networks.1.name' }],
  ]
  for (const [params, error] of refused) await t.rejects(client.call('vm.create', params as ReturnType<typeof on>), error)
  await t.rejects(client.call('network.create', { name: 'lan', prefix: 'fd00:bad:0:1::/64' }), { name: 'NET_DENIED', hint: /"prefix"/ })
  t.same(await keysOf(helper), [`${vm.id}.1`], 'nothing half made is left')
  t.same(await client.call('network.list', {}), { networks: [] })
  t.equal((await client.call('vm.list', {})).vms.length, 1)

  const { checks } = await client.call('system.doctor', {})
  const seen = (subject: string): unknown => checks.find((check) => check.subject === subject)
  t.match(seen('network helper'), { status: 'ok', detail: /1 of 32 taps.*bridges br0 and prefixes in fd00:ae::\/32/ })
  t.match(seen('bridge br0'), { status: 'ok' })
  t.match(seen('/dev/net/tun'), { status: 'ok' })

  await t.test('a VM is deleted to its end once the helper is back', async (t) => {
    await helper.kill()
    await t.rejects(client.call('vm.delete', { vm: vm.id }), { name: 'NET_UNREACHABLE' })
    t.equal((await client.call('vm.get', { vm: vm.id })).state, 'deleting')
    await t.rejects(client.call('vm.start', { vm: vm.id }), { name: 'VM_NOT_FOUND', hint: /vm delete/ })
    t.ok(existsSync(join(daemon.root, 'disks', `${vm.id}.qcow2`)))
    await helper.start()
    await client.call('vm.delete', { vm: vm.id })
    t.same(await ownLinks(helper), [])
  })
})

t.test('whenever a daemon is killed while it makes VMs and networks, the next one has a tap for each VM and no other link', { skip }, async (t) => {
  const { daemon, helper } = await startHost(t)
  const networks = [{ kind: 'network' as const, name: 'lan' }]
  const ignore = (): undefined => undefined
  await daemon.client.call('network.create', { name: 'lan' })
  for (const afterMs of [20, 60, 120, 250, 500]) {
    void daemon.client.call('network.create', { name: `net-${afterMs}`, prefix: PREFIX }).catch(ignore)
    void daemon.client.call('vm.create', { image: 'tiny', memoryMiB: 32, networks }).catch(ignore)
    await delay(afterMs)
    await daemon.kill()
    await daemon.start()
    const { client } = daemon
    const isSettled = async (): Promise<boolean> => (await client.call('vm.list', {})).vms.every(({ state }) => state === 'running' || state === 'stopped')
    await eventually(isSettled, 'no VM is in between')
    const wanted = async (): Promise<string[]> => {
      const { vms } = await client.call('vm.list', {})
      const { networks: known } = await client.call('network.list', {})
      return [...known.map(({ name }) => name as string), ...vms.map(({ id }) => `${id}.0`)]
    }
    await keysBecome(t, helper, wanted, `killed after ${afterMs} ms`)
  }
  for (const { id } of (await daemon.client.call('vm.list', {})).vms) await daemon.client.call('vm.delete', { vm: id })
  for (const { name } of (await daemon.client.call('network.list', {})).networks) await daemon.client.call('network.delete', { network: name })
  t.same(await ownLinks(helper), [])
})
