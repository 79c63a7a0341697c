/** Hosts, tunnels and daemons that go and come back. */
import type { Test } from 'tap'
import type { Vpn } from '../../../policy/api/vpn.ts'
import { awaitAddress } from './founding.ts'
import { awaitPing, beginPing, ping } from './ping.ts'
import { VPN, type Scene, type Site } from './scene.ts'

/** Five pings a second: 5 s. A tunnel that starts again is there when both ends have shaken hands anew. */
const LOST_BY_RESTART = 25

/** All but what a new process of tincd has of its own. */
export function lasting(site: Site): Omit<Vpn, 'pid'> {
  const { pid: _pid, ...rest } = site.vpn()
  return rest
}

export function aTunnelStartsAgain(t: Test, { a, b, c }: Scene): void {
  const traffic = [a, c].map((from) => [from, beginPing(from, b.address(), 'restart')] as const)
  const before = b.vpn().pid
  b.alice.sh(`sleep 1; systemctl --user restart aetherscale-tincd-${VPN}; sleep 6`)
  for (const [from, pings] of traffic) {
    const { sent, received } = pings.end()
    t.comment(`${from.name} to b while b's tincd started again: ${sent} pings, ${sent - received} lost`)
    t.ok(received > 0 && sent - received <= LOST_BY_RESTART, `at most ${LOST_BY_RESTART} are lost`)
    t.equal(ping(from, b.address()).received, 2, 'and it goes on')
  }
  t.not(b.vpn().pid, before)
}

export async function aHostDiesAndComesBack(t: Test, { a, b, c }: Scene): Promise<void> {
  const before = lasting(a)
  const address = a.address()
  const traffic = beginPing(b, c.address(), 'death')
  a.host.crash()
  t.same(ping(b, address, { count: 1 }), { sent: 1, received: 0 }, 'it is gone')
  a.host.boot()
  await awaitPing(b, address)
  const { sent, received } = traffic.end()
  t.comment(`b to c while a was gone and came back: ${sent} pings, ${sent - received} lost`)
  t.equal(received, sent, 'the others went on meanwhile')
  t.equal(ping(c, address).received, 2, 'all reach it again')
  await awaitAddress(a)
  t.same(lasting(a), before, 'it is what it was')
}

export async function aDaemonStartsAgain(t: Test, { b, c }: Scene): Promise<void> {
  const before = b.vpn()
  const traffic = beginPing(c, b.address(), 'daemon')
  b.alice.sh('systemctl --user restart aetherscaled; until aetherscale info >/dev/null 2>&1; do sleep 0.1; done')
  await awaitAddress(b)
  t.same(b.vpn(), before, 'with the same tincd')
  const { sent, received } = traffic.end()
  t.equal(received, sent, 'nothing is lost meanwhile')
}

export async function aHostBootsAgain(t: Test, { b, c }: Scene): Promise<void> {
  const before = lasting(b)
  const address = b.address()
  b.host.reboot()
  await awaitPing(c, address)
  await awaitAddress(b)
  t.same(lasting(b), before, 'it is what it was')
}
