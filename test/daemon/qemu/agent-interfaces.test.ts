import t from 'tap'
import { AgentNonsense } from '../../../daemon/qemu/agent.ts'
import { readInterfaces } from '../../../daemon/qemu/agent-interfaces.ts'
import { GuestAddress } from '../../../policy/api/vm.ts'

const mac = '52:54:00:12:34:56'

function nic(name: unknown, addresses: readonly unknown[], hardwareAddress: unknown = mac): object {
  return { name, 'hardware-address': hardwareAddress, 'ip-addresses': addresses }
}

function ip(address: unknown, prefix: unknown): object {
  return { 'ip-address': address, 'ip-address-type': 'ipv4', prefix }
}

t.test('the answer of a Linux guest', (t) => {
  const answer = [
    { ...nic('lo', [ip('127.0.0.1', 8), ip('::1', 128)], '00:00:00:00:00:00'), statistics: { 'rx-bytes': 1 } },
    nic('eth0', [ip('10.0.2.15', 24), ip('fec0::5054:ff:fe12:3456', 64), ip('fe80::5054:ff:fe12:3456', 64)]),
    { name: 'eth1', 'hardware-address': '52:54:00:12:34:57' },
  ]
  t.same(readInterfaces(answer), [
    { address: '10.0.2.15', prefixLength: 24, mac, interface: 'eth0' },
    { address: 'fec0::5054:ff:fe12:3456', prefixLength: 64, mac, interface: 'eth0' },
    { address: 'fe80::5054:ff:fe12:3456', prefixLength: 64, mac, interface: 'eth0' },
  ])
  t.end()
})

t.test('addresses are told in their canonical text', (t) => {
  t.match(readInterfaces([nic('eth0', [ip('FE80:0:0:0:0:0:0:1', 64)])]), [{ address: 'fe80::1' }])
  t.end()
})

t.test('an interface without a proper MAC address keeps its addresses', (t) => {
  for (const bad of [undefined, '', 7, 'ff:ff:ff:ff:ff:ff', '\u001b[2J']) {
    t.same(readInterfaces([nic('tun0', [ip('10.8.0.2', 32)], bad ?? null)]), [{ address: '10.8.0.2', prefixLength: 32, interface: 'tun0' }])
  }
  t.end()
})

t.test('an entry that is none is left out, its neighbours stay', (t) => {
  const good = nic('eth0', [ip('10.0.0.1', 8)])
  const bad: [string, unknown][] = [
    ['no object', 7],
    ['null', null],
    ['no name', { 'ip-addresses': [] }],
    ['a name with an escape sequence', nic('\u001b]0;x\u0007', [ip('10.0.0.2', 8)])],
    ['a name with a character that turns the text round', nic('a\u202eb', [ip('10.0.0.2', 8)])],
    ['a name without end', nic('x'.repeat(65), [ip('10.0.0.2', 8)])],
    ['addresses that are no list', { name: 'a', 'ip-addresses': 'x' }],
    ['an address that is no object', nic('a', [null, 'x', []])],
    ['an address that is none', nic('a', [ip('999.0.0.1', 8), ip('x', 8), ip(7, 8), ip('', 8)])],
    ['an address with a zone', nic('a', [ip('fe80::1%eth0', 64)])],
    ['a prefix that is none', nic('a', [ip('10.0.0.2', 33), ip('10.0.0.2', -1), ip('10.0.0.2', 1.5), ip('::2', 129), ip('::2', '64')])],
  ]
  for (const [title, entry] of bad) {
    t.match(readInterfaces([entry, good]).map(({ address }) => address), ['10.0.0.1'], title)
  }
  t.end()
})

t.test('what is no list is nonsense', (t) => {
  for (const answer of [undefined, null, {}, 'eth0', 7]) t.throws(() => readInterfaces(answer), AgentNonsense)
  t.end()
})

t.test('a guest with very many addresses has 64', (t) => {
  const many = Array.from({ length: 1000 }, (_, n) => ip(`10.0.${n >> 8}.${n & 255}`, 8))
  t.equal(readInterfaces([nic('eth0', many)]).length, 64)
  t.equal(readInterfaces(Array.from({ length: 1000 }, () => nic('eth0', many))).length, 64)
  t.end()
})

t.test('whatever comes out fits the contract', (t) => {
  const answer = [nic('eth0', [ip('10.0.0.1', 0), ip('::ffff:1.2.3.4', 128)]), nic('Ethernet Instance 0', [ip('::', 0)])]
  const addresses = readInterfaces(answer)
  t.equal(addresses.length, 3)
  for (const address of addresses) t.ok(GuestAddress.safeParse(address).success)
  t.end()
})
