import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { HostAddress, VpnHostName, VpnName } from '../../../policy/names.ts'
import { generateKeys } from '../../../daemon/vpn/keys.ts'
import { HelperRefusal } from '../../fakes/helper-server.ts'
import { grantPrefix, openHost, type Host } from './host.ts'

const blue = VpnName.parse('blue')
const DAY = 86_400
const self = (name: string) => ({ hostName: VpnHostName.parse(name), addresses: [HostAddress.parse(`${name}.example.org`)] })
const userError = (name: string, more: object = {}) => ({ name: 'UserError', data: { name, ...more } })

async function invited(t: Test): Promise<{ one: Host; two: Host; token: string }> {
  const [one, two] = [await openHost(t), await openHost(t)]
  await one.vpns.create({ name: blue, ...self('one') })
  const { token } = await one.membership.invite({ vpn: blue, validSeconds: DAY })
  return { one, two, token }
}

t.test('a host joins by an invitation, and is known by its answer', async (t) => {
  const { one, two, token } = await invited(t)
  const { vpn, answer, hosts } = await two.membership.join({ token, ...self('two') })
  const { prefix } = await one.vpns.get(blue)
  t.match(vpn, { name: 'blue', prefix, keptWhile: 'asked', host: { name: 'two' }, peers: ['one'], tunnel: 'running' })
  t.same(hosts, ['one'])
  t.match(await one.membership.accept(answer), { vpn: 'blue', peer: { name: 'two', addresses: ['two.example.org'], fingerprint: vpn.host.fingerprint } })
  t.match(await one.vpns.get(blue), { peers: ['two'] })
  await one.tincd.reloaded('blue', 1)
  t.same(one.tincd.started, ['blue'], 'tincd reads its configuration again, and is not started again')
  t.match(one.events.at(-1), { kind: 'vpn.peers', vpn: 'blue', peers: ['two'] })
})

t.test('the third learns of the second, the second by a newer invitation', async (t) => {
  const { one, two, token } = await invited(t)
  await one.membership.accept((await two.membership.join({ token, ...self('two') })).answer)
  const three = await openHost(t)
  const second = await one.membership.invite({ vpn: blue, validSeconds: DAY })
  const joined = await three.membership.join({ token: second.token, ...self('three') })
  t.same(joined.hosts, ['one', 'two'])
  t.match(await two.membership.accept(joined.answer), { peer: { name: 'three' } }, 'the answer is good on each host')
  await one.membership.accept(joined.answer)
  await two.membership.remove(blue, VpnHostName.parse('three'))
  const newer = await one.membership.invite({ vpn: blue, validSeconds: DAY })
  t.same((await two.membership.join({ token: newer.token })).hosts, ['one', 'three'], 'this host itself is left out')
  t.match(await two.vpns.get(blue), { host: { name: 'two' }, peers: ['one', 'three'] })
})

t.test('who joins again may have other addresses, and nothing else', async (t) => {
  const { two, token } = await invited(t)
  const { vpn } = await two.membership.join({ token, ...self('two') })
  for (const other of [{ hostName: VpnHostName.parse('other') }, { port: vpn.host.port + 1 }]) {
    await t.rejects(two.membership.join({ token, ...other }), userError('VPN_NAME_TAKEN', { field: 'token' }), JSON.stringify(other))
  }
  t.same((await two.vpns.get(blue)).host, vpn.host)
  await two.membership.join({ token, addresses: [HostAddress.parse('192.0.2.77')] })
  t.match(await two.vpns.get(blue), { host: { ...vpn.host, addresses: ['192.0.2.77'] } })
})

t.test('a host does not take its own answer', async (t) => {
  const { two, token } = await invited(t)
  const { answer } = await two.membership.join({ token, ...self('two') })
  await t.rejects(two.membership.accept(answer), userError('VPN_TOKEN_REFUSED', { field: 'answer' }))
})

t.test('a change whose record cannot be written is taken back from tinc as well', async (t) => {
  const { one, two, token } = await invited(t)
  const { answer } = await two.membership.join({ token, ...self('two') })
  const record = join(one.folder, 'config/vpn/blue/vpn.json')
  renameSync(record, `${record}.aside`)
  mkdirSync(join(record, 'in the way'), { recursive: true })
  await t.rejects(one.membership.accept(answer))
  t.same(readdirSync(join(one.folder, 'config/vpn/blue/tinc/hosts')), ['one'])
  rmSync(record, { recursive: true })
  renameSync(`${record}.aside`, record)
  t.same(await one.membership.list(blue), [])
  await one.membership.accept(answer)
  t.match(await one.vpns.get(blue), { peers: ['two'] })
})

t.test('an invitation is refused where it cannot be followed, and all is as before', async (t) => {
  const { one, two, token } = await invited(t)
  const before = await one.vpns.get(blue)
  await t.rejects(one.membership.join({ token }), userError('VPN_TOKEN_REFUSED'), 'its own')
  t.same(await one.vpns.get(blue), before)
  await t.rejects(two.membership.join({ token, ...self('one') }), userError('VPN_PEER_CONFLICT', { field: 'hostName' }), 'two of one name')
  await t.rejects(two.membership.join({ token: token.slice(0, -9), ...self('two') }), userError('VPN_TOKEN_INVALID'), 'cut')
  await t.rejects(two.membership.accept(token), userError('VPN_TOKEN_INVALID'), 'no answer')
  t.same(await two.vpns.list(), [])
  await two.vpns.create({ name: blue, ...self('two') })
  const own = await two.vpns.get(blue)
  await t.rejects(two.membership.join({ token, ...self('two') }), userError('VPN_NAME_TAKEN'), 'another VPN of the name')
  await two.vpns.remove(blue)
  await two.vpns.create({ name: blue, prefix: before.prefix, ...self('two') })
  await t.rejects(two.membership.join({ token, ...self('two') }), userError('VPN_TOKEN_REFUSED'), 'another VPN of the name and the prefix')
  t.match(own, { peers: [] })
})

t.test('a prefix outside the grant of the host that joins leaves nothing there', async (t) => {
  const { token } = await invited(t)
  const other = await openHost(t, { answer: (request) => (request.operation === 'ra.set' ? new HelperRefusal('NET_DENIED', 'outside') : grantPrefix(request, undefined as never)) })
  await t.rejects(other.membership.join({ token, ...self('two') }), userError('NET_DENIED'))
  t.same(await other.vpns.list(), [])
})

t.test('an answer of somebody who was not invited is refused', async (t) => {
  const { one, two, token } = await invited(t)
  const { answer } = await two.membership.join({ token, ...self('two') })
  const stranger = await openHost(t)
  await stranger.vpns.create({ name: blue, prefix: (await one.vpns.get(blue)).prefix, ...self('three') })
  const { membership } = await openHost(t)
  const forged = (await membership.join({ token: (await stranger.membership.invite({ vpn: blue, validSeconds: DAY })).token, ...self('four') })).answer
  const before = await one.vpns.get(blue)
  await t.rejects(one.membership.accept(forged), userError('VPN_TOKEN_REFUSED'))
  t.same(await one.vpns.get(blue), before)
  await one.membership.accept(answer)
  t.match(await one.vpns.get(blue), { peers: ['two'] })
})

t.test('a host of the same name with another key is refused, with new addresses taken', async (t) => {
  const { one } = await invited(t)
  const [{ publicKey }, other] = [await generateKeys(), await generateKeys()]
  const two = { name: VpnHostName.parse('two'), addresses: [HostAddress.parse('192.0.2.2')], port: 50_007, publicKey }
  await one.membership.add(blue, two)
  await t.rejects(one.membership.add(blue, { ...two, publicKey: other.publicKey }), userError('VPN_PEER_CONFLICT', { field: 'name' }))
  await t.rejects(one.membership.add(blue, { ...two, name: VpnHostName.parse('one'), publicKey: other.publicKey }), userError('VPN_PEER_CONFLICT'))
  await t.rejects(one.membership.add(blue, { ...two, name: VpnHostName.parse('three') }), userError('VPN_PEER_CONFLICT'), 'one key, two names')
  await t.rejects(one.membership.add(blue, { ...two, publicKey: 'no key' }), userError('INVALID_PARAMS', { field: 'publicKey' }))
  await one.membership.add(blue, { ...two, addresses: [HostAddress.parse('192.0.2.3')] })
  t.match(await one.membership.list(blue), [{ name: 'two', addresses: ['192.0.2.3'] }])
  await one.membership.remove(blue, two.name)
  await t.rejects(one.membership.remove(blue, two.name), userError('VPN_PEER_NOT_FOUND', { field: 'peer' }))
  t.same(await one.membership.list(blue), [])
})

t.test('peers that cannot be put into force are not kept', async (t) => {
  const { one, two, token } = await invited(t)
  const { answer } = await two.membership.join({ token, ...self('two') })
  const before = await one.vpns.get(blue)
  await one.tincd.remove({ name: 'blue', paths: undefined as never })
  one.tincd.refuse('no')
  await t.rejects(one.membership.accept(answer), userError('VPN_TUNNEL_FAILED'))
  t.same((await one.vpns.get(blue)).peers, before.peers)
  one.tincd.refuse(undefined)
  await one.membership.accept(answer)
  t.match(await one.vpns.get(blue), { peers: ['two'], tunnel: 'running' }, 'a tincd that does not run is started')
})
