/** From nothing to a VPN of three hosts with a guest on each; the transcript shows all that was typed. */
import type { Test } from 'tap'
import type { Result } from '../../../policy/api/index.ts'
import type { Vm } from '../../../policy/api/vm.ts'
import { awaitPing, beginPing, ping } from './ping.ts'
import { guestOf, networkOf, PREFIX, VPN, type Scene, type Site } from './scene.ts'

/** In MiB; what the tiny image boots with. */
const MEMORY = 96

function addGuest(t: Test, site: Site): Vm {
  return site.type<Vm>(t, `vm create tiny --name ${guestOf(site.name)} --memory ${MEMORY}M --network vpn,name=${VPN} --autostart`)
}

/** Waits until the guest tells the address that was computed for it. */
export async function awaitAddress({ name, alice }: Site): Promise<Vm> {
  return await alice.vmOnce(guestOf(name), (vm) => networkOf(vm).confirmed)
}

export async function twoHostsMakeIt(t: Test, { a, b }: Scene): Promise<void> {
  const made = a.type<Result<'vpn.create'>>(t, `vpn create ${VPN} --prefix ${PREFIX} --host-name a`)
  t.match(made, { name: VPN, prefix: PREFIX, keptWhile: 'asked', peers: [], vms: [], tunnel: 'running', host: { name: 'a', addresses: ['10.99.0.1', 'fd99::1'] }, problem: undefined })
  addGuest(t, a)
  const { token } = a.type<Result<'vpn.invite'>>(t, `vpn invite ${VPN}`)
  const joined = b.type<Result<'vpn.join'>>(t, `vpn join ${token} --host-name b`)
  t.match(joined, { hosts: ['a'], vpn: { name: VPN, prefix: PREFIX, peers: ['a'] } })
  t.match(a.type<Result<'vpn.accept'>>(t, `vpn accept ${joined.answer}`), { vpn: VPN, peer: { name: 'b', addresses: ['10.99.0.2', 'fd99::2'] } })
  addGuest(t, b)
  for (const site of [a, b]) {
    const vm = await awaitAddress(site)
    const { address } = networkOf(vm)
    t.ok(vm.addresses.some((told) => told.address === address), `${site.name}: the guest has the address that was computed, ${address}`)
    t.ok(address?.startsWith(PREFIX.replace(/:\/64$/, '')), 'of the prefix')
  }
}

/** By SSH, as people do it. */
function letIn(guest: Site, sites: readonly Site[]): void {
  guest.alice.sh("mkdir -m 700 .ssh; ssh-keygen -q -t ed25519 -N '' -f .ssh/id_ed25519; printf 'StrictHostKeyChecking accept-new\\n' >.ssh/config")
  const key = guest.alice.sh('cat .ssh/id_ed25519.pub')
  for (const { host, alice } of sites) {
    alice.sh(`mkdir -m 700 .ssh; echo '${key}' >.ssh/authorized_keys`)
    host.sh('systemctl start ssh')
  }
}

export async function aThirdJoinsUnderTraffic(t: Test, { a, b, c }: Scene): Promise<void> {
  await awaitPing(a, b.address())
  const traffic = beginPing(a, b.address(), 'third')
  const { token } = a.type<Result<'vpn.invite'>>(t, `vpn invite ${VPN}`)
  letIn(c, [a, b])
  const { hosts } = c.type<Result<'vpn.join'>>(t, `vpn join ${token} --host-name c --answer-to ${a.host.address} --answer-to alice@${b.host.address}`)
  t.same(hosts.toSorted(), ['a', 'b'], 'the newer invitation tells of the host that joined before')
  addGuest(t, c)
  await awaitAddress(c)
  for (const site of [a, b, c]) t.same(site.vpn().peers, ['a', 'b', 'c'].filter((name) => name !== site.name))
  const { sent, received } = traffic.end()
  t.comment(`a to b while c joined: ${sent} pings, ${sent - received} lost`)
  t.equal(received, sent, 'nothing is lost meanwhile')
}

/** On a busy machine a packet may be lost, and then it is tried once more; a size that does not pass is lost each time. */
function pingThrough(from: Site, address: string, bytes: number): ReturnType<typeof ping> {
  const first = ping(from, address, { count: 3, bytes })
  return first.received === first.sent ? first : ping(from, address, { count: 3, bytes })
}

export async function allReachAll(t: Test, { sites }: Scene): Promise<void> {
  for (const from of sites) {
    for (const to of sites) {
      if (from === to) continue
      const address = to.address()
      await awaitPing(from, address)
      for (const bytes of [104, 1500]) {
        const { sent, received } = pingThrough(from, address, bytes)
        t.comment(`guest-${from.name} to guest-${to.name}, ${address}, ${bytes} bytes: ${received} of ${sent} answered`)
        t.equal(received, sent, `all ${bytes} bytes from ${from.name} to ${to.name}`)
      }
    }
  }
  for (const { name, alice } of sites) {
    const { peers } = alice.call('vpn.peer.list', { vpn: VPN })
    t.same(peers.map(({ name, reachable }) => [name, reachable]), ['a', 'b', 'c'].filter((other) => other !== name).map((other) => [other, true]), `${name} reaches all others`)
  }
}
