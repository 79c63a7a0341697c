/**
 * VPNs of hosts on a real broker, with the daemon's own membership behind each relay: its tokens, keys and records. The helper
 * and tincd are stand-ins; that tincd carries frames between hosts that have exchanged tokens, test/system/vpn.test.ts shows.
 */
import t, { type Test } from 'tap'
import { HostAddress, VpnName } from '../../../policy/names.ts'
import { UserError } from '../../../policy/errors.ts'
import { EVERY_HOST, CLUSTER } from '../../../policy/broker/topology.ts'
import { askOne } from '../../../tui/cluster/ask-one.ts'
import { Asker } from '../../../tui/cluster/asker.ts'
import { generateHostKey } from '../../../tui/cluster/keys/host-key.ts'
import { pin } from '../../../tui/cluster/keys/pins.ts'
import { openHost, type Host } from '../../daemon/vpn/host.ts'
import { FakeError, type FakeAnswer } from '../../fakes/daemon.ts'
import { lacksRabbit, startRabbit, type TestRabbit } from '../../inputs/rabbitmq.ts'
import { acquainted, emptyHost, eventually, pinAll, startRelay, type TestRelay } from './relays.ts'

const blue = VpnName.parse('blue')

interface VpnHost extends TestRelay {
  readonly own: Host
  /** The hosts of the VPN that it knows. */
  peers(): Promise<readonly string[]>
}

/** The daemon's methods about VPNs, as its table has them. */
function answersOf({ vpns, membership }: Host): Record<string, FakeAnswer> {
  const asDaemon = (work: (params: never) => Promise<unknown>): FakeAnswer => async ({ params }) => {
    try {
      return await work(params as never)
    } catch (error) {
      if (error instanceof UserError) return new FakeError(error.code, error.message, error.data)
      throw error
    }
  }
  return {
    'vm.create': () => ({ id: 'cccccccc' }),
    'vpn.list': asDaemon(async () => ({ vpns: await vpns.list() })),
    'vpn.get': asDaemon(({ vpn }: { vpn: VpnName }) => vpns.get(vpn)),
    'vpn.invite': asDaemon((params) => membership.invite(params)),
    // Its own addresses are those of this machine, which may have none.
    'vpn.join': asDaemon((params: { token: string }) => membership.join({ addresses: [HostAddress.parse('192.0.2.1')], ...params })),
    'vpn.accept': asDaemon(({ answer }: { answer: string }) => membership.accept(answer)),
  }
}

async function startHost(t: Test, rabbit: TestRabbit, name: string): Promise<VpnHost> {
  const own = await openHost(t)
  const facts = async () => ({ ...emptyHost, vpns: (await own.vpns.list()).map(({ name, prefix }) => ({ name, prefix })) })
  const relay = await startRelay(t, rabbit, name, { answers: answersOf(own), facts })
  return { ...relay, own, peers: async () => [...(await own.vpns.get(blue)).peers].sort() }
}

const found = ({ own, cluster, name }: VpnHost) =>
  own.vpns.create({ name: blue, hostName: name as never, addresses: [HostAddress.parse('192.0.2.1')] }).then(() => cluster.announceSoon())
const sees = ({ log }: TestRelay, text: string) => log.some(({ msg }) => String(msg).includes(text))

if (lacksRabbit) t.pass(lacksRabbit, { skip: true })
else {
  t.test('VPNs of hosts on a broker', async (t) => {
    const rabbit = await startRabbit(t)
    const spy = await rabbit.connect().acquire()
    await spy.exchangeDeclare({ exchange: CLUSTER, type: 'direct', durable: true })
    const { queue } = await spy.queueDeclare({ exclusive: true })
    const overheard: string[] = []
    const asker = new Asker(rabbit.connect())
    t.teardown(() => asker.close())
    for (const routingKey of [EVERY_HOST, 'host.a', 'host.b', 'host.c']) await spy.queueBind({ queue, exchange: CLUSTER, routingKey })
    await spy.basicConsume({ queue, noAck: true }, ({ body }) => overheard.push(JSON.stringify(body)))

    await t.test('a host that is to make a VM on the VPN of a pinned host joins that, and a third learns of the second', async (t) => {
      const [a, b, c] = [await startHost(t, rabbit, 'a'), await startHost(t, rabbit, 'b'), await startHost(t, rabbit, 'c')]
      pinAll([a, b, c])
      await acquainted([a, b, c])
      await found(a)
      const all = await a.own.vpns.get(blue)
      await eventually(async () => (await b.cluster.ensureVpn('blue'), (await b.own.vpns.list()).length > 0), 'b has joined')
      t.equal((await b.own.vpns.get(blue)).prefix, all.prefix)
      t.same([await a.peers(), await b.peers()], [['b'], ['a']])
      const made = await askOne(asker, 'c', { method: 'vm.create', params: { image: 'tiny', networks: [{ kind: 'vpn', name: 'blue' }] }, waitsMs: 5000, answersMs: 60_000 })
      t.same(made, { id: 'cccccccc' }, 'as a host does that is asked by its name')
      await eventually(async () => (await b.peers()).length === 2, 'b has learnt of c')
      t.same([await a.peers(), await b.peers(), await c.peers()], [['b', 'c'], ['a', 'c'], ['a', 'b']])
      await c.cluster.ensureVpn('blue')
      t.same(c.daemon.requests.filter(({ method }) => method === 'vpn.join').length, 1, 'who is in it does not join again')
      t.notOk(overheard.some((text) => text.includes('aevpn-') || /"token"|"answer"/.test(text)), 'nothing of the tokens can be read on the broker')
      t.ok(overheard.some((text) => text.includes('"purpose":"vpn-invitation"')), 'what was overheard are envelopes')

      await t.test('an envelope that was overheard does nothing when it is sent again', async (t) => {
        const taken = overheard.find((text) => text.includes('"purpose":"vpn-invitation"') && text.includes('"recipient":"a"'))!
        const invited = () => a.daemon.requests.filter(({ method }) => method === 'vpn.invite').length
        const before = invited()
        await spy.basicPublish({ exchange: CLUSTER, routingKey: 'host.a' }, JSON.parse(taken) as object)
        await eventually(() => a.log.some(({ why }) => why === 'a replay'), 'the replay is refused')
        t.equal(invited(), before)
      })
    })

    await t.test('hosts that have the same VPN and have been away from each other come together by themselves', async (t) => {
      const [a, b] = [await startHost(t, rabbit, 'a'), await startHost(t, rabbit, 'b')]
      await found(a)
      const { token } = await a.own.membership.invite({ vpn: blue, validSeconds: 3600 })
      await b.own.membership.join({ token, hostName: 'b' as never, addresses: [HostAddress.parse('192.0.2.1')] })
      t.same([await a.peers(), await b.peers()], [[], ['a']], 'a never got the answer')
      pinAll([a, b])
      await eventually(async () => (await a.peers()).includes('b'), 'a has learnt of b')
      t.same(await b.peers(), ['a'])
    })

    await t.test('without pins on both sides there is no VPN', async (t) => {
      const [a, b] = [await startHost(t, rabbit, 'a'), await startHost(t, rabbit, 'b')]
      await acquainted([a, b])
      await found(a)
      pin(b.folder, 'a', a.key.public)
      await eventually(
        () =>
          b.cluster.ensureVpn('blue').then(
            () => false,
            (error: Error) => /a: The envelope of host "b" is of a host that is not pinned here; on a: aetherscale host trust b KEY/.test(error.message),
          ),
        'a has not pinned b, and refuses',
      )
      pin(a.folder, 'b', generateHostKey().public)
      t.notOk(a.daemon.requests.some(({ method }) => method === 'vpn.invite'))
      await t.rejects(b.cluster.ensureVpn('blue'), { name: 'ClusterError', message: /is forged; if b has another key than the one that was pinned, on a: / }, 'a has pinned another key for b')
      t.same(await b.own.vpns.list(), [])
      t.notOk(a.daemon.requests.some(({ method }) => method === 'vpn.invite'), 'no token was made')
    })

    await t.test('a host does not make a VPN of its own where one that is not pinned has it, or is about to', async (t) => {
      const [a, b] = [await startHost(t, rabbit, 'a'), await startHost(t, rabbit, 'b')]
      await acquainted([a, b])
      const refusal = (vpn: string) => ({ name: 'ClusterError', exit: 'denied', message: `VPN "${vpn}" is on host "a", which is not pinned on "b"`, hint: /^on b: aetherscale host trust a KEY, and likewise on a; / })
      await a.cluster.ensureVpn('red')
      await t.rejects(b.cluster.ensureVpn('red'), refusal('red'), 'a has claimed it')
      await found(a)
      await eventually(() => b.cluster.ensureVpn('blue').then(() => false, (error: Error) => t.match(error, refusal('blue'))), 'b has heard that it is there')
      const params = { image: 'tiny', networks: [{ kind: 'vpn', name: 'blue' }] }
      const asked = askOne(asker, 'b', { method: 'vm.create', params, waitsMs: 5000, answersMs: 60_000 })
      await t.rejects(asked, { name: 'BROKER_NO_HOST', hint: /host trust a KEY/ }, 'so it is where a host is asked by its name')
      t.notOk(b.daemon.requests.some(({ method }) => method === 'vm.create'))
      await b.own.vpns.create({ name: blue, hostName: 'b' as never, addresses: [HostAddress.parse('192.0.2.1')] })
      await b.cluster.ensureVpn('blue')
      t.same([await a.peers(), await b.peers()], [[], []], 'two VPNs there are where people have made them')
    })

    await t.test('a host that has just come makes no VPN of its own where there is one that it has not heard of yet', async (t) => {
      const a = await startHost(t, rabbit, 'a')
      await found(a)
      const b = await startHost(t, rabbit, 'b')
      pinAll([a, b])
      await b.cluster.ensureVpn('blue')
      t.equal((await b.own.vpns.get(blue)).prefix, (await a.own.vpns.get(blue)).prefix)
    })

    await t.test('a host makes no VPN of its own where a pinned one has it and is away', async (t) => {
      const [a, b] = [await startHost(t, rabbit, 'a'), await startHost(t, rabbit, 'b')]
      pinAll([a, b])
      await acquainted([a, b])
      const before = overheard.length
      await found(a)
      await eventually(() => overheard.slice(before).some((text) => text.includes('"host":"a"') && text.includes('"name":"blue"')), 'a has told that it has it')
      await a.cluster.leave()
      await eventually(() => !b.cluster.knownHosts().includes('a'), 'a is away')
      await t.rejects(b.cluster.ensureVpn('blue'), { name: 'ClusterError', exit: 'unreachable', message: /is on host "a", which is not heard of/ })
      await b.cluster.ensureVpn('green')
    })

    await t.test('of two hosts that are to make a new VPN at once one makes it, and the other joins', async (t) => {
      const [a, b] = [await startHost(t, rabbit, 'a'), await startHost(t, rabbit, 'b')]
      pinAll([a, b])
      await acquainted([a, b])
      const green = VpnName.parse('green')
      // As a create does: what is not there when it may be made is made.
      const make = async ({ cluster, own, name }: VpnHost): Promise<void> => {
        await cluster.ensureVpn('green')
        if ((await own.vpns.list()).length === 0) await own.vpns.create({ name: green, hostName: name as never, addresses: [HostAddress.parse('192.0.2.1')] })
      }
      await Promise.all([make(a), make(b)])
      t.same([(await a.own.vpns.get(green)).peers, (await b.own.vpns.get(green)).peers], [['b'], ['a']])
      t.equal([a, b].filter((host) => sees(host, 'joined the VPN of a host')).length, 1)
    })
  })
}
