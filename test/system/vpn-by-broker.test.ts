/** VPNs that come about over RabbitMQ: real hosts, their relays as services, real tincd, and guests that ping each other. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Result } from '../../policy/api/index.ts'
import type { Vm } from '../../policy/api/vm.ts'
import type { LegacyOutcome } from '../../policy/legacy.ts'
import { makeFolder } from '../fakes/folder.ts'
import type { Namespace } from '../helper/namespace.ts'
import { lacksRabbit } from '../inputs/rabbitmq.ts'
import { eventually } from './daemon.ts'
import { lacksHosts } from './host-box.ts'
import { oldClient } from './relay.ts'
import { hostsOnce, joinBroker, openBrokered, openGuest, type BrokeredHost, type Guest } from './vpn/by-broker.ts'
import { awaitPing, beginPing, ping } from './vpn/ping.ts'

t.setTimeout(600_000)

const LISTENER = join(import.meta.dirname, '..', 'inputs', 'listen-in.py')
const ON_BLUE = ['--memory', '96M', '--network', 'vpn,name=blue']

/** Whatever passes the wire to RabbitMQ and from there, from now on. */
async function listenIn(t: Test, wire: Namespace): Promise<() => string> {
  const file = join(makeFolder(t), 'frames')
  const output = openSync(file, 'w')
  const [program, args] = wire.enter('setpriv', '--pdeathsig=KILL', '/usr/bin/python3', LISTENER, 'wire')
  const child = spawn(program, args, { stdio: ['ignore', output, 'inherit'] })
  closeSync(output)
  t.teardown(async () => {
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  })
  return () => readFileSync(file, 'latin1')
}

t.test('a VPN over two hosts that know each other by the broker', { skip: lacksHosts() || lacksRabbit }, async (t) => {
  const { wire, rabbit, url, a, b } = await openBrokered(t)
  const both = [a, b]
  const heard = await listenIn(t, wire)
  const relayOf = ({ systemctl }: BrokeredHost): string => systemctl('show --value --property=MainPID aetherscale-broker')
  let [first, second] = [a, b]
  let guests!: readonly [Guest, Guest]

  await t.test('their services join them, and each lists both', async (t) => {
    for (const host of both) joinBroker(host)
    for (const host of both) {
      const rows = await hostsOnce(t, host, (rows) => rows.length === 2 && rows.every(({ connected, takes }) => connected && takes))
      t.same(rows.map(({ host, trust }) => [host, trust]), both.map(({ name }) => [name, name === host.name ? 'self' : 'unknown']))
    }
  })

  await t.test('whoever may use the daemon alone is told whose the keys and the way to the broker are', (t) => {
    const hint = /daemon's user.*\n +as that user: sudo -u '#\d+' aetherscale/
    for (const words of [['--cluster', 'vm', 'list'], ['host', 'list'], ['host', 'key']]) t.match(b.type(t, ...words), { status: 4, stdout: '', stderr: hint }, words.join(' '))
    t.match(b.host.sh('aetherscale host key 2>&1 || true'), hint, 'root too: the relay could not read what root makes')
    t.end()
  })

  await t.test('a VM on a VPN that is nowhere makes it', (t) => {
    const { hosts } = a.ask<{ hosts: Record<string, { result: Vm }> }>(t, '--cluster', 'vm', 'create', 'tiny', '--name', 'first', ...ON_BLUE)
    const [name] = Object.keys(hosts)
    if (name === 'b') [first, second] = [b, a]
    t.match(hosts[first.name], { result: { state: 'running', networks: [{ kind: 'vpn', name: 'blue' }] } })
    t.end()
  })

  await t.test('before they have pinned each other, a VM of the other host is refused, with a word of what to do', (t) => {
    const refused = a.type(t, '--cluster', '--within', '6', 'vm', 'create', 'tiny', '--name', 'second', ...ON_BLUE)
    const why = `${second.name}: VPN "blue" is on host "${first.name}", which is not pinned on "${second.name}"; on ${second.name}: aetherscale host trust ${first.name} KEY`
    t.match(refused, { status: 1, stdout: '' })
    t.ok(refused.stderr.includes(why), why)
    t.same([second.ask(t, 'vpn', 'list'), second.ask(t, 'vm', 'list')], [{ vpns: [] }, { vms: [] }], 'nothing is made')
    t.end()
  })

  await t.test('once they have, the other host joins by itself, asked by a client of old', async (t) => {
    for (const [one, other] of [[a, b], [b, a]] as const) {
      const key = other.asOwner('aetherscale host key')
      t.match(one.asOwner(`echo '${key}' | aetherscale host trust ${other.name} -`), new RegExp(`^${other.name} is trusted: SHA256:`))
    }
    const options = { image: 'tiny', 'init-script': null, vpn: 'blue', 'public-ip': false }
    const answers = wire.ask('/usr/bin/python3', oldClient, url, 'create-vm', JSON.stringify(options), '2', '120').trimEnd().split('\n')
    for (const answer of answers) t.comment(answer)
    const outcomes = answers.map((answer) => (JSON.parse(answer) as { response: LegacyOutcome }).response)
    t.match(outcomes, [{ status: 'allocating' }, { status: 'starting' }])
    guests = [openGuest(first, 'first'), openGuest(second, outcomes[0]!['vm-id'])]
    const [one, other] = [first, second].map((host) => host.ask<Result<'vpn.get'>>(t, 'vpn', 'get', 'blue'))
    t.equal(other!.prefix, one!.prefix)
    t.same([one!.peers, other!.peers], [[other!.host.name], [one!.host.name]])
  })

  await t.test('guests reach each other', async (t) => {
    const [one, other] = guests
    first.ask(t, 'vm', 'wait', one.vm, '--for', 'agent', '--timeout', '240')
    second.ask(t, 'vm', 'wait', other.vm, '--for', 'agent', '--timeout', '240')
    for (const [from, to] of [[one, other], [other, one]] as const) {
      await awaitPing(from, to.address())
      t.equal(ping(from, to.address()).received, 2, `${to.vm}, ${to.address()}, answers ${from.vm}`)
    }
  })

  await t.test('nobody on the wire has read a token', (t) => {
    t.match(heard(), '"purpose":"vpn-invitation"', 'the envelopes were seen')
    t.notMatch(heard(), /aevpn-|"token"/)
    t.end()
  })

  await t.test('one of them shows both', async (t) => {
    const { hosts } = JSON.parse(a.asOwner('aetherscale --json --cluster vm list')) as { hosts: Record<string, { result: Result<'vm.list'> }> }
    t.same(both.map(({ name }) => hosts[name]!.result.vms.length), [1, 1])
    for (const line of a.asOwner('aetherscale --cluster vm list; aetherscale --cluster vpn list').split('\n')) t.comment(line)
    const rows = await hostsOnce(t, a, (rows) => rows.length === 2)
    t.same(rows.map(({ trust }) => trust), ['self', 'pinned'])
  })

  await t.test('the VPN goes on without the broker, and the relays find that again', async (t) => {
    const relays = both.map(relayOf)
    const traffic = beginPing(guests[0], guests[1].address(), 'broker')
    await rabbit.kill()
    t.match(a.type(t, 'host', 'list'), { status: 3, stderr: /RabbitMQ at rabbit:5672: .*\n.*broker\.json/ })
    t.equal(ping(guests[1], guests[0].address()).received, 2)
    await rabbit.start()
    for (const host of both) await hostsOnce(t, host, (rows) => rows.length === 2 && rows.every(({ connected }) => connected))
    const { sent, received } = traffic.end()
    t.comment(`${sent} pings, ${sent - received} lost`)
    t.equal(received, sent, 'nothing is lost meanwhile')
    t.same(both.map(relayOf), relays, 'the same processes')
  })

  await t.test('a VM of either host is ended from one of them', (t) => {
    for (const { vm, name } of guests) t.match(a.type(t, '--cluster', 'vm', 'delete', vm), { status: 0, stderr: `on host ${name}\n` })
    t.same(both.map((host) => host.ask(t, 'vm', 'list')), [{ vms: [] }, { vms: [] }])
    t.end()
  })

  await t.test('after a boot a host is on the broker again, and in the VPN', async (t) => {
    b.host.reboot()
    for (const host of both) {
      const rows = await hostsOnce(t, host, (rows) => rows.length === 2 && rows.every(({ connected, takes }) => connected && takes))
      t.same(rows.map(({ trust }) => trust).sort(), ['pinned', 'self'])
    }
    await eventually(() => a.ask<Result<'vpn.peer.list'>>(t, 'vpn', 'peer', 'list', 'blue').peers.every(({ reachable }) => reachable), 'a reaches b')
  })
})
