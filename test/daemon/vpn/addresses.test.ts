import { hostname, networkInterfaces, type NetworkInterfaceInfo } from 'node:os'
import t from 'tap'
import { HostAddress, VpnHostName } from '../../../policy/names.ts'
import { deriveHostName, hostAddresses } from '../../../daemon/vpn/addresses.ts'
import { openNamespace, type Namespace } from '../../helper/namespace.ts'

const v4 = (address: string, internal = false): NetworkInterfaceInfo => ({ address, netmask: '255.255.255.0', family: 'IPv4', mac: '52:54:00:12:34:56', internal, cidr: `${address}/24` })
const v6 = (address: string, scopeid = 0): NetworkInterfaceInfo => ({ address, netmask: 'ffff:ffff:ffff:ffff::', family: 'IPv6', mac: '52:54:00:12:34:56', internal: false, cidr: `${address}/64`, scopeid })

/** What a daemon in there would tell. */
function askIn(space: Namespace): string[] {
  const script = `import { hostAddresses } from '${new URL('../../../daemon/vpn/addresses.ts', import.meta.url).href}'; console.log(JSON.stringify(hostAddresses()))`
  return JSON.parse(space.ask(process.execPath, '--input-type=module', '-e', script)) as string[]
}

const none = new Set<string>()

t.test('addresses that other hosts can reach are told, IPv4 first', async (t) => {
  const interfaces = {
    lo: [v4('127.0.0.1', true), { ...v6('::1'), internal: true }],
    eth0: [v6('2001:db8::7'), v6('fe80::5054:ff:fe12:3456', 2), v4('192.0.2.7'), v4('169.254.3.4')],
    wg0: [v4('10.0.0.7'), v6('fd00:ae::7')],
    gone: undefined,
  }
  t.strictSame(hostAddresses(interfaces, none), ['192.0.2.7', '10.0.0.7', '2001:db8::7', 'fd00:ae::7'])
})

t.test('links that guests are behind are none of them, and others with such names are', async (t) => {
  const ours = ['aebabcdefghijkl', 'aentuvwxyz23456', 'aetabcdefghijk7'].map((name, at) => [name, [v4(`10.0.${at}.1`), v6(`fd00:ae:0:${at}::1`)]])
  const others = ['aebabcdefghijk', 'aezabcdefghijkl', 'aebabcdefghijk1', 'xaebabcdefghijkl'].map((name, at) => [name, [v4(`10.1.${at}.1`)]])
  t.strictSame(hostAddresses(Object.fromEntries([...ours, ...others]), none), ['10.1.0.1', '10.1.1.1', '10.1.2.1', '10.1.3.1'])
})

t.test('no more than a token takes, each once', async (t) => {
  t.strictSame(hostAddresses({ a: [v4('192.0.2.1')], b: [v4('192.0.2.1')] }, none), ['192.0.2.1'])
  const many = Array.from({ length: 20 }, (_, at) => v4(`192.0.2.${at + 1}`))
  t.strictSame(hostAddresses({ eth0: [v6('2001:db8::7'), ...many] }, none), many.slice(0, 8).map(({ address }) => address))
  t.strictSame(hostAddresses({}, none), [])
})

t.test("of the kernel's links, those with an address of the world beyond are told", async (t) => {
  const addresses = hostAddresses()
  for (const text of addresses) t.ok(HostAddress.safeParse(text).success && Object.values(networkInterfaces()).flat().some((info) => info?.address === text), text)
  const space = await openNamespace(t)
  for (const link of ['eth0', 'aebabcdefghijkl']) space.ask('ip', 'link', 'add', link, 'up', 'type', 'bridge')
  space.ask('sh', '-c', 'echo 2 >/proc/sys/net/ipv6/conf/eth0/use_tempaddr')
  space.ask('ip', 'address', 'add', '2001:db8::7/64', 'dev', 'eth0', 'mngtmpaddr', 'valid_lft', '600000', 'preferred_lft', '90000')
  t.match(space.ask('ip', 'address', 'show', 'dev', 'eth0'), 'temporary', 'a host with one that is gone after a week')
  for (const [link, address] of [['eth0', '192.0.2.7/24'], ['eth0', '169.254.1.1/16'], ['aebabcdefghijkl', '10.0.0.1/24']] as const) {
    space.ask('ip', 'address', 'add', address, 'dev', link)
  }
  t.strictSame(askIn(space), ['192.0.2.7', '2001:db8::7'])
})

t.test("those of the link that leads to the world come first, where containers' bridges have more than a token takes", async (t) => {
  const space = await openNamespace(t)
  const script = Array.from({ length: 9 }, (_, at) => `ip link add br-${at} up type bridge; ip address add 172.${17 + at}.0.1/16 dev br-${at}`)
  const uplink = ['ip link add br0 up type bridge', 'ip address add 192.0.2.7/24 dev br0', 'ip address add 2001:db8::7/64 dev br0 nodad']
  space.ask('sh', '-ec', [...script, ...uplink].join('\n'))
  for (const route of [['route', 'add', 'default', 'via', '192.0.2.1'], ['-6', 'route', 'add', 'default', 'via', '2001:db8::1']]) {
    space.ask('ip', ...route)
    t.strictSame(askIn(space).slice(0, 3), ['192.0.2.7', '2001:db8::7', '172.17.0.1'], route.join(' '))
    space.ask('ip', ...route.map((word) => (word === 'add' ? 'del' : word)))
  }
})

t.test('a host name becomes one that tinc takes', async (t) => {
  const cases = {
    host1: 'host1',
    'Host-1': 'host1',
    'web-1.example.org': 'web1',
    UPPER_case: 'uppercase',
    'ünïcode': 'ncode',
    [`${'a'.repeat(40)}.b`]: 'a'.repeat(32),
    '': 'host',
    '---': 'host',
    '.example.org': 'host',
    'a\nb': 'ab',
    $HOST: 'host',
  }
  for (const [text, name] of Object.entries(cases)) t.equal(deriveHostName(text), name, JSON.stringify(text))
  t.ok(VpnHostName.safeParse(deriveHostName(hostname())).success)
})
