/** What the helper has radvd advertise, and that the host itself believes no router: in a namespace of the test's own. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { locateProgram } from '../../daemon/service/environment.ts'
import { routerAdvertisement } from '../inputs/router-advertisement.ts'
import { brokenSettings, flawsOf, nameOf } from './links.ts'
import { lacksTaps } from './namespace.ts'
import { lan, MAC, onLan, PREFIX, startHost } from './open-host.ts'

const skip = lacksTaps()
const radvd = locateProgram('radvd')
const LAN = nameOf('bridge', 'lan')

t.test('what is advertised is in a radvd.conf that radvd takes, and a token is laid', { skip }, async (t) => {
  const host = await startHost(t)
  const [file, token] = [join(host.helper.folder, 'radvd.conf'), join(host.helper.folder, 'pending', 'ra')]
  const isTokenLaid = (): boolean => {
    const isLaid = existsSync(token)
    rmSync(token, { force: true })
    return isLaid
  }
  const isTaken = (): boolean => radvd === undefined || spawnSync(radvd, ['-c', '-C', file, '-m', 'stderr']).status === 0
  const blocks = (): string[] => readFileSync(file, 'utf8').split('\n').filter(Boolean)
  t.equal(await host.refusal('ra.set', { network: 'lan', prefix: PREFIX }), 'NET_NOT_FOUND')
  await host.do('bridge.ensure', { network: 'lan' })
  await host.do('bridge.ensure', { network: 'dmz' })
  await host.do('tap.ensure', onLan)

  t.same(await host.do('ra.set', { network: 'lan', prefix: PREFIX }), { name: LAN, changed: true })
  t.ok(isTokenLaid() && isTaken())
  t.match(blocks(), [new RegExp(`^interface ${LAN} \\{.* AdvDefaultLifetime 0;.* prefix ${PREFIX} `)])
  t.same(brokenSettings(host.namespace, LAN, 'bridge'), ['ipv6/disable_ipv6=0'], 'it has IPv6 now, and hears no router')
  t.same(await host.do('ra.set', { network: 'lan', prefix: 'FD00:AE:0:1:0::/64' }), { name: LAN, changed: false })
  t.same(await host.do('bridge.ensure', { network: 'lan' }), { name: LAN, changed: false })
  t.same(brokenSettings(host.namespace, LAN, 'bridge'), ['ipv6/disable_ipv6=0'], 'ensuring the bridge does not end it')
  const { links } = await host.do('link.list')
  t.match((links as object[]).find((link) => (link as { name: string }).name === LAN), { prefix: PREFIX })

  await host.do('ra.set', { network: 'dmz', prefix: 'fd00:ae:0:2::/64' })
  t.ok(blocks().length === 2 && isTokenLaid() && isTaken())
  for (const prefix of ['fd00:af::/64', '2001:db8::/64']) t.equal(await host.refusal('ra.set', { network: 'lan', prefix }), 'NET_DENIED', prefix)
  t.same(await host.do('ra.set', { network: 'lan', prefix: 'fd00:ae:0:3::/64' }), { name: LAN, changed: true })
  t.same(blocks().map((block) => /prefix (\S+)/.exec(block)?.[1]).sort(), ['fd00:ae:0:2::/64', 'fd00:ae:0:3::/64'])
  isTokenLaid()
  t.same(await host.do('ra.clear', { network: 'lan' }), { name: LAN, changed: true })
  t.ok(blocks().length === 1 && isTokenLaid() && isTaken())
  t.same(flawsOf(host.namespace, lan), [])
  t.same(await host.do('ra.clear', { network: 'lan' }), { name: LAN, changed: false })
  await host.do('bridge.delete', { network: 'dmz' })
  t.ok(blocks().length === 0 && isTokenLaid(), 'with a bridge goes what was advertised on it')
})

t.test('nothing is advertised on a bridge into which root put an uplink', { skip }, async (t) => {
  const host = await startHost(t)
  await host.do('bridge.ensure', { network: 'lan' })
  await host.do('tap.ensure', onLan)
  host.ip('link add uplink type veth peer name far')
  host.ip(`link set uplink master ${LAN}`)
  t.equal(await host.refusal('ra.set', { network: 'lan', prefix: PREFIX }), 'NET_DENIED')
  t.notOk(existsSync(join(host.helper.folder, 'radvd.conf')))
  t.same(flawsOf(host.namespace, lan), [])
  t.equal(await host.refusal('bridge.delete', { network: 'lan' }), 'NET_IN_USE', 'nor is it deleted')
  host.ip('link set uplink nomaster')
  t.match(await host.do('ra.set', { network: 'lan', prefix: PREFIX }), { changed: true })
})

t.test('the host believes no guest that says it is a router, also where the host advertises itself', { skip }, async (t) => {
  const host = await startHost(t)
  const { namespace } = host
  host.ip('link add br0 type bridge')
  host.ip('link set br0 up')
  await host.do('bridge.ensure', { network: 'lan' })
  await host.do('bridge.ensure', { network: 'dmz' })
  await host.do('ra.set', { network: 'lan', prefix: PREFIX })
  // from a tap that is root's: of the helper's taps it would not come so far
  const advertise = (tap: string, bridge: string): void => {
    host.ip(`tuntap add ${tap} mode tap`)
    host.ip(`link set ${tap} master ${bridge} up`)
    namespace.ask(process.execPath, join(import.meta.dirname, '../system/send-frame.ts'), tap, routerAdvertisement(MAC, 'fd00:bad:0:1::/64').toString('hex'))
  }
  const heard = (): string => (host.ip('-6 address') + host.ip('-6 route')).split('\n').filter((line) => /bad|default/.test(line)).join('\n')
  advertise('pretendx', LAN)
  advertise('pretendy', nameOf('bridge', 'dmz'))
  t.equal(heard(), '')
  advertise('pretendz', 'br0')
  t.match(heard(), /fd00:bad:0:1:[^]*default via fe80::.* dev br0/, 'which on a bridge that is not the helper\'s the same frame is made for')
})
