/**
 * The helper when something breaks half way: ip(8) dies, hangs, or loses its links, the helper itself is killed, or many
 * ask at once. Against the real kernel; stand-in-ip.sh is between the helper and the real ip(8).
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { GROUP } from '../../helper/names.ts'
import { createRandom } from '../inputs/random.ts'
import { startHost, type Host } from './faulty-host.ts'
import type { Answer } from './helper-process.ts'
import { brokenSettings, filteredIn, flawsOf, lacksPrincipals, linksIn, nameOf, namesIn, OTHER, remakeTap, UID } from './links.ts'
import { lacksTaps } from './namespace.ts'

t.setTimeout(480_000)
// the one that waits for a deadline does so beside others
t.jobs = 2

const skip = lacksTaps()
const MAC = '52:54:00:12:34:56'
const [LAN, TAP] = [nameOf('bridge', 'lan'), nameOf('tap', 'abcdefgh.0')]
const lan = { uid: UID, kind: 'bridge', key: 'lan' } as const
const tap = { uid: UID, kind: 'tap', key: 'abcdefgh.0' } as const
const network = { network: 'lan' }
const nic = { vm: 'abcdefgh', nic: 0 }
const onLan = { ...nic, attach: network, mac: MAC }

interface Scenario {
  readonly what: string
  readonly method: string
  readonly params: object
  /** What there is before the request. */
  prepare(host: Host): Promise<unknown>
}

const none: Scenario['prepare'] = () => Promise.resolve()
const withBridge: Scenario['prepare'] = (host) => host.ask('bridge.ensure', network)
const withTap: Scenario['prepare'] = async (host) => {
  await withBridge(host)
  await host.ask('tap.ensure', onLan)
}
/** To a tap that is nobody's there is one answer: it is made anew. */
const spoil = (host: Host): void => remakeTap(host.namespace, TAP)
const withSpoiledTap: Scenario['prepare'] = async (host) => {
  await withTap(host)
  spoil(host)
}
const withTapElsewhere: Scenario['prepare'] = async (host) => {
  await withTap(host)
  await host.ask('bridge.ensure', { network: 'dmz' })
  await host.ask('tap.ensure', { ...onLan, attach: { network: 'dmz' } })
}
const scenarios: Scenario[] = [
  { what: 'a bridge', method: 'bridge.ensure', params: network, prepare: none },
  { what: 'a tap', method: 'tap.ensure', params: onLan, prepare: withBridge },
  { what: 'a tap made anew', method: 'tap.ensure', params: onLan, prepare: withSpoiledTap },
  { what: 'a tap moved', method: 'tap.ensure', params: onLan, prepare: withTapElsewhere },
  { what: 'a tap deleted', method: 'tap.delete', params: nic, prepare: withTap },
  { what: 'a bridge deleted', method: 'bridge.delete', params: network, prepare: withBridge },
]

async function clear(host: Host): Promise<void> {
  host.arm()
  await host.ask('tap.delete', nic)
  await host.ask('bridge.delete', network)
  await host.ask('bridge.delete', { network: 'dmz' })
}

/** How many lines ip(8) is given for it. */
async function countLines(host: Host, { method, params, prepare }: Scenario): Promise<number> {
  await prepare(host)
  host.arm('count -1 keep')
  const { error } = await host.ask(method, params)
  if (error) throw new Error(error.message)
  const { length } = host.lines()
  await clear(host)
  return length
}

/** Names of links of ours that are up and not as they have to be by then, or that are half made. */
function unfit({ namespace }: Host): string[] {
  const links = [...linksIn(namespace).values()].filter(({ ifname, flags }) => /^ae[bnt][a-z2-7]{12}$/.test(ifname) && flags.includes('UP'))
  const filtered = filteredIn(namespace)
  return links.flatMap(({ ifname, group }) => {
    if (ifname.startsWith('aet') && !filtered.has(ifname)) return [`${ifname} unfiltered`]
    if (ifname.startsWith('aen') || group !== GROUP) return [ifname]
    return brokenSettings(namespace, ifname, ifname.startsWith('aeb') ? 'bridge' : 'tap').map((setting) => `${ifname} ${setting}`)
  })
}

/** After a fault: the next request finds no debris, the next ensure converges, and nothing more than this is there. */
async function checkItConverges(t: Test, host: Host, what: string): Promise<void> {
  host.arm()
  t.match(await host.ask('link.list'), { result: {} }, what)
  t.same(namesIn(host.namespace).filter((name) => name.startsWith('aen')), [], `${what}: no debris`)
  await host.ask('bridge.ensure', network)
  await host.ask('tap.ensure', onLan)
  await host.ask('bridge.delete', { network: 'dmz' })
  t.same([...flawsOf(host.namespace, lan), ...flawsOf(host.namespace, tap, { master: LAN })], [], what)
  t.same(namesIn(host.namespace), [LAN, TAP].sort(), what)
  t.match(await host.ask('policy.get'), { result: { used: { taps: 1, bridges: 1 } } }, what)
  await clear(host)
  t.same(namesIn(host.namespace), [], `${what}: all deleted`)
  t.same([...filteredIn(host.namespace)], [], `${what}: with their filters`)
}

t.test('an ip(8) that hangs is ended after ten seconds, and the next in turn is served', { skip, buffered: true, timeout: 60_000 }, async (t) => {
  const host = await startHost(t)
  await withBridge(host)
  const began = performance.now()
  host.arm('pause 2')
  const answer = host.ask('tap.ensure', onLan)
  await host.paused()
  const next = host.ask('bridge.ensure', { network: 'dmz' })
  t.match(await answer, { error: { data: { name: 'NET_FAILED' }, message: /SIGKILL/ } })
  t.match(await next, { result: { changed: true } })
  t.ok(performance.now() - began < 20_000)
  await host.ask('bridge.delete', { network: 'dmz' })
  await checkItConverges(t, host, 'after it')
})

for (const fault of ['die', 'tear']) {
  const how = fault === 'die' ? 'after' : 'in the middle of'
  t.test(`ip(8) is killed ${how} any of its lines: it is told, nothing half made stays, and the next request converges`, { skip, buffered: true, timeout: 240_000 }, async (t) => {
    const host = await startHost(t)
    for (const scenario of scenarios) {
      const lines = await countLines(host, scenario)
      for (let nth = 0; nth <= lines; nth++) {
        const what = `${scenario.what}: killed ${how} line ${nth} of ${lines}`
        await scenario.prepare(host)
        const before = namesIn(host.namespace)
        host.arm(`${fault} ${nth}`)
        const { error } = await host.ask(scenario.method, scenario.params)
        // what it printed may be torn as well
        t.equal(error?.data.name, 'NET_FAILED', what)
        t.match(error?.message, /^ip: ended by SIGKILL/, what)
        t.same(namesIn(host.namespace).filter((name) => !before.includes(name)), [], `${what}: nothing is there that was not`)
        t.same(unfit(host), [], what)
        await checkItConverges(t, host, what)
      }
    }
  })
}

t.test('every ip(8) is killed, also those that clean up: the first one that lives does it', { skip, timeout: 240_000 }, async (t) => {
  const host = await startHost(t)
  for (const scenario of scenarios) {
    const lines = await countLines(host, scenario)
    for (let nth = 0; nth <= lines; nth++) {
      const what = `${scenario.what}: each killed after line ${nth}`
      await scenario.prepare(host)
      host.arm(`die ${nth} keep`)
      t.match(await host.ask(scenario.method, scenario.params), { error: { data: { name: 'NET_FAILED' } } }, what)
      t.same(unfit(host), [], what)
      await host.ask(scenario.method, scenario.params)
      t.same(unfit(host), [], `${what}, twice`)
      await checkItConverges(t, host, what)
    }
  }
})

t.test('the helper is killed between any two lines: the next one converges, and no link was ever up that is not as promised', { skip, timeout: 240_000 }, async (t) => {
  const host = await startHost(t)
  for (const scenario of scenarios) {
    const lines = await countLines(host, scenario)
    for (let nth = 1; nth <= lines; nth++) {
      const what = `${scenario.what}: killed at line ${nth} of ${lines}`
      await scenario.prepare(host)
      host.arm(`pause ${nth}`)
      const answer = host.helper.exchange(UID, JSON.stringify({ jsonrpc: '2.0', id: 1, method: scenario.method, params: scenario.params }))
      const pids = await host.paused()
      t.same(unfit(host), [], what)
      await host.helper.kill()
      for (const pid of pids) process.kill(pid, 'SIGKILL')
      t.equal(await answer.catch(() => ''), '', `${what}: there is no answer`)
      t.same(unfit(host), [], what)
      await host.restart()
      await checkItConverges(t, host, what)
    }
  }
})

t.test('a link that somebody removes while it is worked on is a refusal, or done; the next request converges', { skip }, async (t) => {
  const host = await startHost(t)
  const detach = (): string => host.ip(`link set ${TAP} nomaster`)
  const cases: { what: string; method: string; params: object; tamper?: () => unknown; victim: string; isDone?: boolean }[] = [
    { what: 'a tap to attach', method: 'tap.ensure', params: onLan, tamper: detach, victim: TAP },
    { what: 'a tap that is as it should be', method: 'tap.ensure', params: onLan, victim: TAP, isDone: true },
    { what: 'a tap to make anew', method: 'tap.ensure', params: onLan, tamper: () => spoil(host), victim: TAP },
    { what: 'a tap to delete', method: 'tap.delete', params: nic, victim: TAP },
    { what: 'the bridge of a tap to attach', method: 'tap.ensure', params: onLan, tamper: detach, victim: LAN },
    { what: 'the bridge of a tap to make anew', method: 'tap.ensure', params: onLan, tamper: () => spoil(host), victim: LAN },
    { what: 'a bridge to mend', method: 'bridge.ensure', params: network, tamper: () => host.ip(`link set ${LAN} down`), victim: LAN },
  ]
  for (const { what, method, params, tamper, victim, isDone } of cases) {
    await withTap(host)
    tamper?.()
    host.arm('pause 1')
    const answer = host.ask(method, params)
    await host.paused()
    host.ip(`link del ${victim}`)
    host.resume()
    const { error } = await answer
    t.equal(error?.data.name, isDone ? undefined : 'NET_FAILED', what)
    t.same(unfit(host), [], what)
    await checkItConverges(t, host, what)
  }
})

t.test('a bridge that goes while a tap for it is half made takes the tap with it', { skip }, async (t) => {
  const host = await startHost(t)
  await withBridge(host)
  host.arm('pause 3')
  const answer = host.ask('tap.ensure', onLan)
  await host.paused()
  host.ip(`link del ${LAN}`)
  host.resume()
  t.match(await answer, { error: { data: { name: 'NET_FAILED' }, message: /./ } })
  t.same(namesIn(host.namespace), [])
  await checkItConverges(t, host, 'after it')
})

t.test('forty at once get what the quota grants, and not one more', { skip }, async (t) => {
  const host = await startHost(t, { [UID]: { quota: { taps: 5, bridges: 1 } } })
  await withBridge(host)
  const names = Array.from({ length: 40 }, (_, index) => `vm${String.fromCharCode(...[6, 5, 4, 3, 2, 1].map((bit) => 97 + ((index >> (bit - 1)) & 1)))}`)
  const answers = await Promise.all(names.map((vm) => host.ask('tap.ensure', { ...onLan, vm })))
  t.equal(answers.filter(({ result }) => result).length, 5)
  t.equal(answers.filter(({ error }) => error?.data.name === 'NET_QUOTA').length, 35)
  t.equal(namesIn(host.namespace).length, 6)
})

t.test('two principals that ask all at once do not disturb each other', { skip: lacksPrincipals }, async (t) => {
  const host = await startHost(t, { [UID]: {}, [OTHER]: {} })
  const seed = Number(process.env['SEED'] ?? Date.now() % 1e6)
  t.comment(`SEED=${seed}`)
  const random = createRandom(seed)
  for (const uid of [UID, OTHER]) await host.helper.ask(uid, 'bridge.ensure', network)
  const requests = [UID, OTHER].flatMap((uid) => ['a', 'b', 'c', 'd', 'e'].flatMap((letter) => {
    const each = { vm: letter.repeat(8), nic: 0 }
    return [[uid, 'tap.ensure', { ...onLan, ...each }], [uid, 'tap.delete', each], [uid, 'tap.ensure', { ...onLan, ...each }]] as const
  }))
  const answers = await Promise.all(requests.map(async (request) => {
    await delay(random() * 200)
    return await host.helper.ask(request[0], request[1], request[2])
  }))
  t.same(answers.filter(({ error }) => error), [])
  for (const uid of [UID, OTHER]) {
    for (const letter of ['a', 'b', 'c', 'd', 'e']) {
      await host.helper.ask(uid, 'tap.ensure', { ...onLan, vm: letter.repeat(8) })
      t.same(flawsOf(host.namespace, { uid, kind: 'tap', key: `${letter.repeat(8)}.0` }, { master: nameOf('bridge', 'lan', uid) }), [])
    }
  }
  t.equal(namesIn(host.namespace).length, 12)
})

t.test('more connections than it takes: those that are served get their answers, the others an end', { skip }, async (t) => {
  const host = await startHost(t)
  const pid = host.helper.pid()
  const request = `${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'policy.get' })}\n`
  const answers = await Promise.all(Array.from({ length: 300 }, () => host.helper.exchange(UID, request).catch(() => '')))
  const served = answers.filter((answer) => answer !== '')
  t.ok(served.length >= 128, `${served.length} of 300 were served`)
  t.same(served.filter((answer) => (JSON.parse(answer) as Answer).result?.['uid'] !== UID), [])
  t.match(await host.ask('policy.get'), { result: { uid: UID } })
  t.equal(host.helper.pid(), pid)
})

t.test('what only a killed helper can have left is removed by the next request, and nothing that only looks like it', { skip }, async (t) => {
  const host = await startHost(t)
  const { ip } = host
  const links = {
    debris: ['aebaaaaaaaaaaaa', 'aetaaaaaaaaaaaa', 'aenaaaaaaaaaaaa', 'aenbbbbbbbbbbbb'],
    others: ['aebbbbbbbbbbbbb', 'aetbbbbbbbbbbbb', 'aetcccccccccccc', 'aenccccccccccc', 'aendddddddddddd', 'aeneeeeeeeeeee1', 'aenffffffffffff', 'vethgroup'],
  }
  ip(`link add aebaaaaaaaaaaaa group ${GROUP} type bridge`)
  ip('tuntap add aetaaaaaaaaaaaa mode tap')
  ip(`link set aetaaaaaaaaaaaa group ${GROUP}`)
  ip(`link add aenaaaaaaaaaaaa group ${GROUP} type bridge`)
  ip('tuntap add aenbbbbbbbbbbbb mode tap')

  ip(`link add aebbbbbbbbbbbbb group ${GROUP} type bridge`)
  ip('link set aebbbbbbbbbbbbb alias mine')
  ip('tuntap add aetbbbbbbbbbbbb mode tap')
  ip('tuntap add aetcccccccccccc mode tap')
  ip('link set aetcccccccccccc group 7')
  ip(`link add aenccccccccccc group ${GROUP} type bridge`)
  ip('tuntap add aendddddddddddd mode tun')
  ip(`link add aeneeeeeeeeeee1 group ${GROUP} type bridge`)
  ip('tuntap add aenffffffffffff mode tap')
  ip('link set aenffffffffffff alias mine')
  ip(`link add vethgroup group ${GROUP} type veth peer name vethpeer`)
  const before = linksIn(host.namespace)
  t.match(await host.ask('link.list'), { result: { links: [] } })
  const after = linksIn(host.namespace)
  t.same(links.debris.filter((name) => after.has(name)), [])
  for (const name of links.others) t.same(after.get(name), before.get(name), name)
})

t.test('a link that has a derived name and is not ours is neither touched nor taken for ours', { skip }, async (t) => {
  const host = await startHost(t)
  const isRefused = async (what: string): Promise<void> => {
    const before = linksIn(host.namespace)
    for (const [method, params] of [['bridge.ensure', network], ['bridge.delete', network], ['ra.set', { ...network, prefix: 'fd00:ae::/64' }], ['ra.clear', network]] as const) {
      t.match(await host.ask(method, params), { error: { data: { name: 'NET_DENIED' } } }, `${what}: ${method}`)
    }
    t.same(linksIn(host.namespace), before, what)
    t.match(await host.ask('link.list'), { result: { links: [] } }, what)
    host.ip(`link del ${LAN}`)
  }
  host.ip(`link add ${LAN} type bridge`)
  await isRefused('a bridge without alias and group')
  host.ip(`link add ${LAN} group ${GROUP} type bridge`)
  host.ip(`link set ${LAN} alias aetherscale:${UID}:bridge:dmz`)
  await isRefused('with the alias of another')
  host.ip(`link add ${LAN} type bridge`)
  host.ip(`link set ${LAN} alias aetherscale:${UID}:bridge:lan`)
  await isRefused('without the group')
  host.ip(`link add ${LAN} group ${GROUP} type veth peer name peer`)
  host.ip(`link set ${LAN} alias aetherscale:${UID}:bridge:lan`)
  await isRefused('of another kind')
  host.ip(`tuntap add ${TAP} mode tap`)
  await withBridge(host)
  const before = linksIn(host.namespace).get(TAP)
  t.match(await host.ask('tap.ensure', onLan), { error: { data: { name: 'NET_DENIED' } } })
  t.match(await host.ask('tap.delete', nic), { error: { data: { name: 'NET_DENIED' } } })
  t.same(linksIn(host.namespace).get(TAP), before, 'a tap')
})

t.test('what is to be advertised cannot be written: it is told why, nothing is half done, and the next time it is done whole', { skip }, async (t) => {
  const host = await startHost(t)
  const { folder } = host.helper
  const wanted = { ...network, prefix: 'fd00:ae:0:1::/64' }
  const [file, token, pending, away] = [join(folder, 'radvd.conf'), join(folder, 'pending', 'ra'), join(folder, 'pending'), join(folder, 'away')]
  const mount = (...argv: string[]): string => host.namespace.ask('mount', ...argv)
  const faults: [what: string, breaks: () => unknown, mends: () => unknown][] = [
    ['a folder that is read-only', () => mount('--bind', folder, folder) + mount('-o', 'remount,ro,bind', folder), () => host.namespace.ask('umount', folder)],
    ['a folder in the place of the file', () => mkdirSync(file), () => rmSync(file, { recursive: true })],
    ['no folder for the token', () => renameSync(pending, away), () => renameSync(away, pending)],
  ]
  for (const [what, breaks, mends] of faults) {
    await t.test(what, async (t) => {
      await withBridge(host)
      breaks()
      const { error } = await host.ask('ra.set', wanted)
      mends()
      t.match(error, { message: /E[A-Z]{3,}: /, data: { name: /^(NET_FAILED|INTERNAL)$/ } })
      t.same(brokenSettings(host.namespace, LAN, 'bridge'), [], 'a bridge on which nothing is advertised has no IPv6')
      t.match(await host.ask('ra.set', wanted), { result: {} })
      t.match(readFileSync(file, 'utf8'), /fd00:ae:0:1::\/64/)
      t.ok(existsSync(token), 'radvd is told')
      t.same(brokenSettings(host.namespace, LAN, 'bridge'), ['ipv6/disable_ipv6=0'])
      await host.ask('ra.clear', network)
      t.same(flawsOf(host.namespace, lan), [])
      for (const path of [file, token]) rmSync(path, { force: true })
    })
  }
})

t.test('without an allowlist everything is denied, and it counts again as soon as it is back', { skip }, async (t) => {
  const host = await startHost(t)
  await withTap(host)
  const { allowlist } = host.helper
  renameSync(allowlist, `${allowlist}.away`)
  for (const [method, params] of [['policy.get'], ['link.list'], ['bridge.ensure', network], ['tap.ensure', onLan], ['tap.delete', nic]] as const) {
    t.match(await host.ask(method, params), { error: { data: { name: 'NET_DENIED', hint: /./ } } }, method)
  }
  t.same(namesIn(host.namespace), [LAN, TAP].sort())
  renameSync(`${allowlist}.away`, allowlist)
  t.match(await host.ask('tap.ensure', onLan), { result: { changed: false } })
})
