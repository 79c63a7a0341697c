/** The lines of a move, given to a real kernel in a namespace of the test's own. */
import { spawnSync } from 'node:child_process'
import t, { type Test } from 'tap'
import { planMove, planReturn, type Move, type UplinkFacts } from '../../../../../daemon/install/setup/bridge/move.ts'
import { readUplink, type AskIp } from '../../../../../daemon/install/setup/bridge/read.ts'
import { openNamespace, type Namespace } from '../../../../helper/namespace.ts'

const names = { bridge: 'br0', uplink: 'up0' }

interface Host {
  readonly namespace: Namespace
  facts(): UplinkFacts
  /** All lines in one process, as setup gives them. */
  batch(lines: readonly string[], force?: 'force'): string
  /** Addresses and routes as ip(8) tells them, with the link's name taken out. */
  look(link: string): string[]
}

/** A host with an uplink to a router that is in the same namespace, and answers on other addresses. */
async function openHost(t: Test): Promise<Host> {
  const namespace = await openNamespace(t)
  const prepare = `
    ip link add up0 address 52:54:00:00:00:01 mtu 1400 type veth peer name world
    ip link set world up; ip link set up0 up
    echo 0 >/proc/sys/net/ipv6/conf/up0/accept_ra
    ip addr add 192.0.2.2/24 brd + dev up0; ip addr add 192.0.2.3/24 dev up0 label up0:1
    ip addr add 198.51.100.2/24 dev up0 valid_lft 3600 preferred_lft 1800
    ip addr add 203.0.113.5/24 dev up0 noprefixroute; ip route add 203.0.113.0/24 dev up0 proto kernel scope link src 203.0.113.5 metric 100
    ip addr add 2001:db8::2/64 dev up0 nodad; ip addr add 2001:db8:1::2/64 dev up0 nodad valid_lft 3600 preferred_lft 1800
    ip route add default via 192.0.2.1 dev up0 src 192.0.2.3 mtu 1300
    ip route add default via 192.0.2.9 dev up0 metric 500
    ip route add 10.0.0.0/8 via 192.0.2.1 dev up0 table 100
    ip route add 172.16.0.0/12 via 172.31.255.1 dev up0 onlink
    ip route add 10.9.0.0/16 via inet6 2001:db8::9 dev up0
    ip -6 route add default via 2001:db8::1 dev up0 metric 512
    ip -6 route add 2001:db8:f::/48 via fe80::9 dev up0 proto ra metric 1024 expires 1700
    ip -6 route add 2001:db8:e::/48 dev up0 table 100`
  namespace.ask('sh', '-ec', prepare)
  const run = (argv: readonly string[], input = '') => {
    const [program, args] = namespace.enter(...argv)
    return spawnSync(program, args, { encoding: 'utf8', input, env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' } })
  }
  const askIp: AskIp = (...words) => {
    const { status, stdout, stderr } = run(['ip', ...words])
    return { status, stdout, words: stderr }
  }
  return {
    namespace,
    // settings of IPv6 are read of the process's own namespace
    facts: () => ({ ...readUplink('up0', askIp), ipv6: { accept_ra: 0, forwarding: 0, disable_ipv6: 0 } }),
    batch: (lines, force) => run(['ip', ...(force ? ['-force'] : []), '-batch', '-'], `${lines.join('\n')}\n`).stderr,
    look(link) {
      const show = `ip -oneline address show dev ${link}; ip -4 route show table all dev ${link}; ip -6 route show table all dev ${link}`
      // The kernel makes the local route of an IPv6 address in its own time.
      const settle = `tries=0
        until [ "$(ip -oneline -6 address show dev ${link} scope global | wc -l)" = "$(ip -6 route show table local dev ${link} | grep -c '^local 2')" ] || [ "$tries" -ge 600 ]
        do tries=$((tries + 1)); sleep 0.05; done`
      const lines = namespace.ask('sh', '-ec', `${settle}\n${show}`).split('\n')
      const kept = lines.filter((line) => line !== '' && !/fe80::\S*\/|fe80::fc|^local fe80|ff00::|fe80::\/64/.test(line) && !/^(anycast|multicast)/.test(line))
      const told = kept.map((line) => line.replace(/^\d+: /, '').replaceAll(link, 'LINK').replace(/(\d+)sec/g, 'SECONDS').replaceAll(/\s+/g, ' ').replace(/\\ .*/, '').replace(/ linkdown/, '').trim())
      return told.filter((line) => !/local fe80/.test(line)).toSorted()
    },
  }
}

function plan(host: Host): Move {
  const move = planMove(names, host.facts())
  if (move === 'done') throw new Error('done')
  return move
}

t.test('everything that the uplink had is on the bridge, and all of it is back after the way back', async (t) => {
  const host = await openHost(t)
  const before = host.look('up0')
  t.ok(before.length > 20, `${before.length} lines are looked at`)
  const move = plan(host)
  t.equal(host.batch(move.prepare), '')
  t.same(host.look('up0'), before, 'the bridge alone harms nothing')
  t.equal(host.batch(move.lines), '')
  t.same(host.look('br0'), before)
  t.same(host.look('up0'), [])
  t.match(host.namespace.ask('ip', 'link', 'show', 'br0'), /mtu 1400 [^]*52:54:00:00:00:01/)
  t.equal(planMove(names, host.facts()), 'done')
  t.equal(host.batch(move.revert, 'force'), '')
  t.same(host.look('up0'), before)
  t.notMatch(host.namespace.ask('ip', 'link'), /br0/)
})

t.test('taking the bridge back later brings what is on it by then', async (t) => {
  const host = await openHost(t)
  const move = plan(host)
  host.batch([...move.prepare, ...move.lines])
  host.namespace.ask('ip', 'addr', 'add', '192.0.2.77/24', 'dev', 'br0')
  const before = host.look('br0')
  const facts = host.facts()
  t.equal(host.batch(planReturn(names, facts), 'force'), '')
  t.same(host.look('up0'), before)
})

t.test('wherever it breaks off, the way back leads to what was there', async (t) => {
  const host = await openHost(t)
  const before = host.look('up0')
  const move = plan(host)
  for (const reached of move.lines.keys()) {
    host.batch([...move.prepare, ...move.lines.slice(0, reached)])
    host.batch(move.revert, 'force')
    t.same(host.look('up0'), before, `after ${reached} lines`)
  }
})

t.test('an uplink that cannot join a bridge loses nothing', async (t) => {
  const host = await openHost(t)
  // a macvlan takes all frames of its link for itself
  host.namespace.ask('ip', 'link', 'add', 'mac0', 'link', 'up0', 'type', 'macvlan', 'mode', 'passthru')
  const before = host.look('up0')
  const move = plan(host)
  host.batch(move.prepare)
  t.match(host.batch(move.lines), /busy|Command failed/)
  t.same(host.look('up0'), before)
})
