/** What is refused, and leaves a VPN as it was. */
import type { Test } from 'tap'
import { lasting } from './lasting.ts'
import { VPN, type Scene, type Site } from './scene.ts'

/** A second one, of a and b. */
const OTHER = 'green'

/** The token with a letter in its middle changed. */
function forge(token: string): string {
  const middle = token.length >> 1
  return `${token.slice(0, middle)}${token[middle] === 'A' ? 'B' : 'A'}${token.slice(middle + 1)}`
}

export function badTokens(t: Test, { sites, a, b }: Scene): void {
  const before = sites.map(lasting)
  const { token } = a.alice.call('vpn.invite', { vpn: VPN })
  const { answer } = b.alice.call('vpn.join', { token })
  const refusals: readonly [string, string, { name: string }][] = [
    ['a token with one letter changed', b.alice.refusal('vpn.join', { token: forge(token) }).name, { name: 'VPN_TOKEN_INVALID' }],
    ['one that was cut', b.alice.refusal('vpn.join', { token: token.slice(0, -20) }).name, { name: 'VPN_TOKEN_INVALID' }],
    ['an answer with one letter changed', a.alice.refusal('vpn.accept', { answer: forge(answer) }).name, { name: 'VPN_TOKEN_INVALID' }],
    ['an answer for an invitation', b.alice.refusal('vpn.join', { token: answer }).name, { name: 'VPN_TOKEN_INVALID' }],
    ['an invitation at the host that made it', a.alice.refusal('vpn.join', { token }).name, { name: 'VPN_TOKEN_REFUSED' }],
    ['a VPN of nine letters', a.alice.refusal('vpn.create', { name: 'ninechars' }).name, { name: 'INVALID_PARAMS' }],
  ]
  for (const [what, name, wanted] of refusals) {
    t.comment(`${what}: ${name}`)
    t.equal(name, wanted.name, what)
  }
  t.same(sites.map(lasting), before)
}

/** Of OTHER, all but what a new process of tincd has of its own. */
function other({ alice }: Site): object {
  const { pid: _pid, ...rest } = alice.call('vpn.get', { vpn: OTHER })
  return rest
}

export function whatDoesNotFit(t: Test, { a, b }: Scene): void {
  const hostName = 'b'
  a.alice.call('vpn.create', { name: OTHER, hostName: 'a', prefix: 'fd5e:a1cf:0:1::/64' })
  const links = b.alice.links()
  const refusal = b.alice.refusal('vpn.join', { token: a.alice.call('vpn.invite', { vpn: OTHER }).token, hostName })
  t.comment(`a prefix outside of b's grant: ${refusal.name}: ${refusal.message}`)
  t.equal(refusal.name, 'NET_DENIED')
  t.same(b.alice.call('vpn.list', {}).vpns.map(({ name }) => name), [VPN], 'nothing of it is left')
  t.same(b.alice.links(), links)
  a.alice.call('vpn.delete', { vpn: OTHER })

  a.alice.call('vpn.create', { name: OTHER, hostName: 'a', prefix: 'fd5e:a1ce:0:1::/64' })
  const { token } = a.alice.call('vpn.invite', { vpn: OTHER })
  t.equal(b.alice.refusal('vpn.join', { token, hostName: 'a' }).name, 'VPN_PEER_CONFLICT', 'a host that would be called as the one that invites')
  a.alice.call('vpn.accept', { answer: b.alice.call('vpn.join', { token, hostName }).answer })
  const before = other(a)
  b.alice.call('vpn.delete', { vpn: OTHER })
  const { answer } = b.alice.call('vpn.join', { token, hostName })
  const conflict = a.alice.refusal('vpn.accept', { answer })
  t.comment(`a host of the same name with another key: ${conflict.name}: ${conflict.message}`)
  t.equal(conflict.name, 'VPN_PEER_CONFLICT')
  t.same(other(a), before)
  a.alice.call('vpn.peer.remove', { vpn: OTHER, peer: hostName })
  t.equal(a.alice.call('vpn.accept', { answer }).peer.name, 'b', 'once the old one is removed it is taken')
}

export async function aPortThatIsTaken(t: Test, { b }: Scene): Promise<void> {
  const { host: { port } } = b.alice.call('vpn.get', { vpn: OTHER })
  b.alice.sh(`systemctl --user stop aetherscale-tincd-${OTHER}`)
  // connections that have just ended still count as the port's
  b.host.sh(`systemd-run --quiet --unit=holder socat TCP6-LISTEN:${port},ipv6only=0,reuseaddr,fork EXEC:true`)
  await b.host.until('ss -ltn', (listeners) => listeners.includes(`:${port} `))
  const before = other(b)
  t.match(before, { tunnel: 'stopped' })
  const { publicKey } = JSON.parse(b.alice.sh(`cat ~/.config/aetherscale/vpn/${OTHER}/vpn.json`)).peers[0] as { publicKey: string }
  const add = { vpn: OTHER, name: 'a', addresses: ['192.0.2.1'], port: 50_000, publicKey }
  const failed = b.alice.refusal('vpn.peer.add', add)
  t.comment(`tincd's port taken by another program: ${failed.name}: ${failed.message}`)
  t.equal(failed.name, 'VPN_TUNNEL_FAILED')
  t.match(other(b), { ...before, problem: String })
  t.equal(b.alice.refusal('vpn.create', { name: 'red', port }).name, 'PORT_IN_USE')
  b.host.sh('systemctl stop holder')
  await b.host.until(`systemctl --user --machine=alice@ is-active aetherscale-tincd-${OTHER} || true`, (state) => state === 'active')
  t.match(b.alice.call('vpn.get', { vpn: OTHER }), { tunnel: 'running', problem: undefined }, 'it comes up by itself once the port is free')

  b.alice.sh(`systemctl --user stop aetherscale-tincd-${OTHER}`)
  b.host.sh(`systemd-run --quiet --unit=sender socat -u UDP4-RECV:${port} OPEN:/dev/null`)
  await b.host.until('ss -lnu', (sockets) => sockets.includes(`:${port} `))
  b.alice.sh(`systemctl --user start aetherscale-tincd-${OTHER}`)
  await b.host.until('ss -lnu', (sockets) => sockets.includes(`[::]:${port} `))
  t.match(b.alice.call('vpn.get', { vpn: OTHER }), { tunnel: 'running', problem: /does not listen on IPv4/ }, 'where it is taken for IPv4 alone')
  b.host.sh('systemctl stop sender')
  t.match(b.alice.call('vpn.create', { name: OTHER }), { tunnel: 'running', problem: undefined }, 'it is started anew when it is brought up')
}
