import { once } from 'node:events'
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { inspect } from 'node:util'
import t from 'tap'
import { HostAddress, VpnHostName, VpnName, type Prefix64, type VmId } from '../../../policy/names.ts'
import { containsPrefix, parsePrefix } from '../../../policy/privileged/prefix.ts'
import { HelperRefusal } from '../../fakes/helper-server.ts'
import { GRANT, grantPrefix, openHost } from './host.ts'

const blue = VpnName.parse('blue')
const hostName = VpnHostName.parse('one')

t.test('a VPN is its links, then its tincd; all of it is in its folder, secrets for nobody else', async (t) => {
  const { vpns, folder, tincd, asked, events } = await openHost(t)
  const made = await vpns.create({ name: blue, hostName, addresses: [HostAddress.parse('192.0.2.7')] })
  t.match(made, { name: 'blue', keptWhile: 'asked', host: { name: 'one', addresses: ['192.0.2.7'] }, peers: [], vms: [], tunnel: 'running' })
  t.ok(containsPrefix(parsePrefix(GRANT)!, parsePrefix(made.prefix)!), 'its prefix is of the grant')
  t.ok(made.host.port >= 50_000 && made.host.port <= 50_999)
  t.same(asked(), ['policy.get', 'bridge.ensure', 'ra.set', 'tunnel.ensure'])
  t.same(tincd.started, ['blue'])
  t.same(readdirSync(join(folder, 'config/vpn/blue')).sort(), ['secrets.json', 'tinc', 'vpn.json'])
  for (const file of ['secrets.json', 'tinc/rsa_key.priv']) t.equal(statSync(join(folder, 'config/vpn/blue', file)).mode & 0o777, 0o600, file)
  t.match(events, [{ kind: 'vpn.created', vpn: 'blue' }])
})

t.test('made again it is the same; as another one it is refused', async (t) => {
  const { vpns } = await openHost(t)
  const made = await vpns.create({ name: blue, hostName })
  t.same(await vpns.create({ name: blue }), made)
  t.same(await vpns.create({ name: blue, prefix: made.prefix, hostName, port: made.host.port }), made)
  const other = { prefix: 'fd00:ae:0:77::/64' as Prefix64 }
  for (const params of [other, { hostName: VpnHostName.parse('two') }, { port: made.host.port + 1 }]) {
    await t.rejects(vpns.create({ name: blue, ...params }), { name: 'UserError', data: { name: 'VPN_NAME_TAKEN' } }, JSON.stringify(params))
  }
  t.same(await vpns.get(blue), made)
})

t.test('networks and VPNs share their names', async (t) => {
  const { vpns, table } = await openHost(t, { networks: ['blue'] })
  await t.rejects(vpns.create({ name: blue }), { name: 'UserError', data: { name: 'VPN_NAME_TAKEN' }, message: /private network "blue"/ })
  t.same(table.records(), [])
})

t.test('two at once have two ports and two prefixes', async (t) => {
  const { vpns } = await openHost(t)
  const made = await Promise.all(['a', 'b', 'c', 'd'].map((name) => vpns.create({ name: VpnName.parse(name) })))
  t.equal(new Set(made.map(({ host }) => host.port)).size, 4)
  t.equal(new Set(made.map(({ prefix }) => prefix)).size, 4)
})

t.test('one whose port is refused keeps no prefix from the next', async (t) => {
  const { vpns } = await openHost(t, {
    answer: (request) => (request.operation === 'policy.get' ? { ...(grantPrefix(request, undefined as never) as object), prefix: 'fd00:ae:0:7::/64' } : grantPrefix(request, undefined as never)),
  })
  const other = createServer().listen(0)
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  await t.rejects(vpns.create({ name: blue, port }), { name: 'UserError', data: { name: 'PORT_IN_USE' } })
  other.close()
  t.match(await vpns.create({ name: blue }), { prefix: 'fd00:ae:0:7::/64' })
})

t.test('secrets that cannot be read are told so, without a word of them, and keep nobody from deleting it', async (t) => {
  const { vpns, membership, folder } = await openHost(t)
  await vpns.create({ name: blue })
  const file = join(folder, 'config/vpn/blue/secrets.json')
  for (const content of ['{"version":2,"secret":"hidden"}', '{"secret": "hidden']) {
    writeFileSync(file, content)
    const failure = await membership.invite({ vpn: blue, validSeconds: 60 }).catch((error: unknown) => error)
    t.match(failure, { name: 'UserError', data: { name: 'VPN_RECORD_BROKEN' }, message: /secrets of VPN "blue" cannot be read/ })
    t.notMatch(inspect(failure), /hidden/)
  }
  rmSync(file)
  await t.rejects(vpns.create({ name: blue }), { name: 'UserError', data: { name: 'VPN_RECORD_BROKEN' }, message: /are not there/ })
  await vpns.remove(blue)
  t.same(await vpns.list(), [])
})

t.test('nothing is left of one that the helper or tincd refuses', async (t) => {
  let refuses = ''
  const { vpns, folder, tincd, asked, events } = await openHost(t, {
    answer: (request) => (request.operation === refuses ? new HelperRefusal('NET_DENIED', 'no') : grantPrefix(request, undefined as never)),
  })
  for (refuses of ['bridge.ensure', 'ra.set', 'tunnel.ensure']) {
    await t.rejects(vpns.create({ name: blue }), { name: 'UserError', data: { name: 'NET_DENIED' } }, refuses)
    t.same(asked().slice(-2), ['tunnel.delete', 'bridge.delete'], 'what was made is taken back')
  }
  refuses = ''
  tincd.refuse("Can't bind to 0.0.0.0 port 50000/tcp: Address already in use")
  await t.rejects(vpns.create({ name: blue }), { name: 'UserError', data: { name: 'VPN_TUNNEL_FAILED' }, message: /50000/ })
  t.same(readdirSync(join(folder, 'config/vpn')), [])
  t.same(readdirSync(join(folder, 'log/vpn')), [])
  t.same(events, [])
  t.same(await vpns.list(), [])
})

t.test('without a prefix in the grant there is none', async (t) => {
  const { vpns } = await openHost(t, { answer: (request) => ({ ...(grantPrefix(request, undefined as never) as object), prefix: undefined }) })
  await t.rejects(vpns.create({ name: blue }), { name: 'UserError', data: { name: 'VPN_PREFIX_REFUSED' } })
})

t.test('one that is used is not deleted, another one is, with all of it', async (t) => {
  const { vpns, users, folder, tincd, asked } = await openHost(t)
  await vpns.create({ name: blue })
  users.push('adbvzwdf' as VmId)
  await t.rejects(vpns.remove(blue), { name: 'UserError', data: { name: 'VPN_IN_USE' }, message: /adbvzwdf/ })
  t.match(await vpns.get(blue), { vms: ['adbvzwdf'], tunnel: 'running' })
  users.pop()
  asked()
  await vpns.remove(blue)
  t.same(asked(), ['tunnel.delete', 'bridge.delete'])
  t.equal(tincd.find({ name: 'blue', paths: undefined as never }), undefined)
  for (const place of ['config/vpn/blue', 'run/vpn/blue', 'log/vpn/blue']) t.notOk(existsSync(join(folder, place)), place)
  await t.rejects(vpns.get(blue), { name: 'UserError', data: { name: 'VPN_NOT_FOUND' } })
})

t.test('one that is made for a VM goes with the last; one that was asked for stays', async (t) => {
  const { vpns, table, users } = await openHost(t)
  const green = { kind: 'vpn', name: 'green' }
  await vpns.create({ name: blue })
  const release = await vpns.hold([{ kind: 'user' }, green, { kind: 'vpn', name: 'blue' }, green])
  t.match(table.records(), [{ name: 'blue', keptWhile: 'asked' }, { name: 'green', keptWhile: 'used' }])
  await t.rejects(vpns.remove(VpnName.parse('green')), { name: 'UserError', data: { name: 'VPN_IN_USE' } }, 'it is held')
  users.push('adbvzwdf' as VmId)
  await release()
  t.ok(table.get('green'), 'a VM is on it')
  users.pop()
  await vpns.tidy([green, { kind: 'vpn', name: 'blue' }])
  t.match(table.records(), [{ name: 'blue' }])
  t.equal(table.records().length, 1)

  const second = await vpns.hold([green])
  await second()
  t.notOk(table.get('green'), 'the VM did not come to be')

  const third = await vpns.hold([green])
  t.match(await vpns.create({ name: VpnName.parse('green') }), { keptWhile: 'asked' })
  await third()
  t.ok(table.get('green'), 'it was asked for meanwhile')
})

t.test('what is held when another one cannot be made is let go', async (t) => {
  const { vpns, table } = await openHost(t, { networks: ['lan'] })
  await t.rejects(vpns.hold([{ kind: 'vpn', name: 'green' }, { kind: 'vpn', name: 'lan' }]), { name: 'UserError', data: { name: 'VPN_NAME_TAKEN', field: 'networks' } })
  t.same(table.records(), [])
})
