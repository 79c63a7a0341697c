import t, { type Test } from 'tap'
import { checkFrames, droppingChains, mayAdministerNetwork, policyOf } from '../../../daemon/doctor/frames.ts'

function places(t: Test, iptables: string, ip6tables: string, ...links: string[]) {
  const root = t.testdir({
    bridge: { 'bridge-nf-call-iptables': `${iptables}\n`, 'bridge-nf-call-ip6tables': `${ip6tables}\n` },
    net: Object.fromEntries(links.map((name) => [name, {}])),
  })
  return { settings: `${root}/bridge`, links: `${root}/net` }
}
const blind = () => Promise.resolve(undefined)

t.test('where nothing is on a bridge, nothing is said of it', async (t) => {
  t.same(await checkFrames([], places(t, '1', '1', 'docker0'), blind), [])
})

t.test('frames pass by a firewall that does not see them', async (t) => {
  t.match(await checkFrames(['br0'], places(t, '0', '0', 'docker0'), blind), [{ status: 'ok', detail: /pass by/ }])
  t.match(await checkFrames(['br0'], { settings: '/nonexistent', links: '/nonexistent' }, blind), [{ status: 'ok' }], 'br_netfilter is not loaded')
})

t.test('what cannot be seen is said to be so, with the command that shows it', async (t) => {
  const [check] = await checkFrames(['br0'], places(t, '1', '0'), blind)
  t.match(check, { status: 'ok', detail: /only root can see: sudo sh -c 'iptables -S FORWARD'$/ })
})

t.test("Docker's link tells what its firewall does", async (t) => {
  const [check] = await checkFrames(['br0', 'aeb+'], places(t, '1', '1', 'docker0'), blind)
  t.match(check, { status: 'degraded', detail: /Docker/ })
  const rules = 'sudo iptables -I FORWARD -i $b -o $b -j ACCEPT; sudo ip6tables -I FORWARD -i $b -o $b -j ACCEPT'
  t.equal(check?.remedy, `for b in br0 aeb+; do ${rules}; done`)
})

t.test('a policy that can be seen decides, whatever else there is', async (t) => {
  const asked = (drops: string) => (family: string) => Promise.resolve(family === 'iptables' ? drops : '')
  t.match(await checkFrames(['br0'], places(t, '1', '1', 'docker0'), asked('')), [{ status: 'ok', detail: /drops none/ }])
  const [check] = await checkFrames(['br0'], places(t, '1', '1'), asked('iptables FORWARD'))
  t.match(check, { status: 'degraded', detail: /iptables FORWARD$/ })
  t.notMatch(check?.remedy, /ip6tables/)
})

t.test('what iptables and nft print is read', (t) => {
  t.equal(policyOf('-P FORWARD DROP\n-A FORWARD -j DOCKER-USER\n'), 'DROP')
  t.equal(policyOf('-P FORWARD ACCEPT'), 'ACCEPT')
  const chain = (family: string, table: string, name: string, hook: string, policy: string) => ({ chain: { family, table, name, type: 'filter', hook, prio: 0, policy } })
  const json = JSON.stringify({
    nftables: [
      { metainfo: { version: '1.0.6' } },
      chain('ip', 'filter', 'FORWARD', 'forward', 'drop'),
      chain('inet', 'own', 'fwd', 'forward', 'drop'),
      chain('inet', 'own', 'in', 'input', 'drop'),
      chain('inet', 'other', 'fwd', 'forward', 'accept'),
      chain('ip6', 'mine', 'fwd', 'forward', 'drop'),
    ],
  })
  t.same(droppingChains(json, 'iptables'), ['nft inet own fwd'])
  t.same(droppingChains(json, 'ip6tables'), ['nft inet own fwd', 'nft ip6 mine fwd'])
  t.ok(mayAdministerNetwork('Name:\tnode\nCapEff:\t0000000000001000\n'))
  t.notOk(mayAdministerNetwork('Name:\tnode\nCapEff:\t0000000000000fff\n'))
  t.end()
})
