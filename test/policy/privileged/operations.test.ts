/** The contract's params: what fits each operation, and that nothing more does. */
import t from 'tap'
import { operationResults } from '../../../policy/privileged/results.ts'
import { operations, REQUEST_LIMIT, type Operation } from '../../../policy/privileged/operations.ts'

const tap = { vm: 'abcdefgh', nic: 0, attach: { network: 'lan', addresses: [] as string[] }, mac: '52:54:00:12:34:56' }
const fits: Record<Operation, object[]> = {
  'policy.get': [{}],
  'link.list': [{}],
  'bridge.ensure': [{ network: 'lan' }, { network: '0' }, { network: 'a--b' }, { network: 'a'.repeat(32) }],
  'bridge.delete': [{ network: 'lan' }],
  'tap.ensure': [tap, { ...tap, nic: 7 }, { ...tap, attach: { network: 'lan' } }, { ...tap, attach: { network: 'lan', addresses: ['10.0.0.1', '223.255.255.254', 'fd00::1', '2001:db8::'] } }, { ...tap, attach: { bridge: 'br0' } }, { ...tap, attach: { bridge: 'Br_0.1-x' } }, { ...tap, attach: { bridge: 'if2x' } }, { ...tap, mac: '00:00:00:00:00:00' }],
  'tap.delete': [{ vm: 'abcdefgh', nic: 0 }],
  'tunnel.ensure': [{ network: 'lan' }],
  'tunnel.delete': [{ network: 'a'.repeat(32) }],
  'ra.set': [{ network: 'lan', prefix: 'fd00::/64' }, { network: 'lan', prefix: '2001:DB8:0:1::/64' }],
  'ra.clear': [{ network: 'lan' }],
}

t.test('the list of operations is closed, and each has a result', async (t) => {
  t.same(Object.keys(operations), Object.keys(fits))
  t.same(Object.keys(operationResults), Object.keys(fits))
})

for (const [operation, examples] of Object.entries(fits) as [Operation, object[]][]) {
  const reads = (params: unknown): boolean => operations[operation].safeParse(params).success
  t.test(`${operation} takes what fits, and nothing that lacks a key or has one more`, async (t) => {
    for (const params of examples) {
      t.ok(reads(params), JSON.stringify(params))
      t.ok(JSON.stringify(params).length * 10 < REQUEST_LIMIT, 'the limit is far')
      for (const key of Object.keys(params)) {
        t.notOk(reads({ ...params, [key]: undefined }), `without ${key}`)
        for (const value of [null, [], {}, '', true, -1, 1.5, NaN, [Object.values(params)[0]], { toString: () => 'lan' }]) t.notOk(reads({ ...params, [key]: value }), `${key}: ${JSON.stringify(value)}`)
      }
      for (const key of ['name', 'interface', 'uid', 'user', 'path', 'pid', 'netns', 'constructor']) t.notOk(reads({ ...params, [key]: 'lan' }), `with ${key}`)
      t.notOk(reads(JSON.parse(`{"__proto__":{},${JSON.stringify(params).slice(1)}`.replace(',}', '}'))), 'with __proto__')
    }
    for (const params of [null, undefined, [], 'lan', 1]) t.notOk(reads(params), JSON.stringify(params))
  })
}

t.test('names at the edges of their grammars are refused', async (t) => {
  for (const network of ['-a', 'a-', 'a'.repeat(33), 'A', 'a.b', 'a_b', 'a b', 'a\n', '\u0430']) t.notOk(operations['bridge.ensure'].safeParse({ network }).success, network)
  for (const vm of ['abcdefg', 'abcdefghi', 'Abcdefgh', 'abcdefg1', 'abcdefgh\n', 'abcdefg\u0131']) t.notOk(operations['tap.delete'].safeParse({ vm, nic: 0 }).success, vm)
  const attach = (bridge: string): boolean => operations['tap.ensure'].safeParse({ ...tap, attach: { bridge } }).success
  for (const bridge of ['if2', 'if0', 'aebabcdefghijkl', 'aenabcdefghijkl', 'aetabcdefghijkl', '0br', '-br', '.', 'a'.repeat(16), 'br/0', 'br:0', 'br 0', 'br0\n']) t.notOk(attach(bridge), bridge)
  for (const mac of ['01:54:00:12:34:56', '52:54:00:12:34:5g', '52:54:00:12:34:5', '52:54:00:AA:34:56', '52-54-00-12-34-56', '52:54:00:12:34:56\n']) t.notOk(operations['tap.ensure'].safeParse({ ...tap, mac }).success, mac)
})

t.test('addresses are those that a guest can have, each in its one form, eight at most', async (t) => {
  const takes = (...addresses: unknown[]): boolean => operations['tap.ensure'].safeParse({ ...tap, attach: { network: 'lan', addresses } }).success
  for (const address of ['1.0.0.0', '9.10.99.100', '199.200.249.250', '223.255.255.255', 'fd00::1', '2001:db8:1:2:3:4:5:6']) t.ok(takes(address), address)
  for (const address of [
    '', '0.0.0.0', '0.1.2.3', '127.0.0.1', '224.0.0.1', '255.255.255.255', '256.0.0.1', '1.0.0.256', '10.0.0', '10.0.0.1.1', '010.0.0.1', '10.0.0.01', '10.0.0.1/32', '10.0.0.1 ', ' 10.0.0.1', '10.0.0.1\n',
    '10 0 0 1', '10;0;0;1', '10,0,0,1', '1 1 1 1', '1d.0.0.1', '1dd.2.2.2', '0x0a.0.0.1', '167772161', '10.0.0.\u0661', '10.0.0.1, 10.0.0.2', '10.0.0.0-10.0.0.9', '::', '::1', 'fe80::1', 'ff02::1',
    '::ffff:10.0.0.1', 'FD00::1', 'fd00:0::1', 'fd00::1/64', 'fd00::1%eth0', 'fd00::1\n', '[fd00::1]', '@ports', '}', 10, null, ['10.0.0.1'], { toString: '10.0.0.1' },
  ]) t.notOk(takes(address), JSON.stringify(address))
  t.ok(takes(...Array.from({ length: 8 }, (_, index) => `10.0.0.${index + 1}`)))
  t.notOk(takes(...Array.from({ length: 9 }, (_, index) => `10.0.0.${index + 1}`)))
  t.notOk(operations['tap.ensure'].safeParse({ ...tap, attach: { bridge: 'br0', addresses: [] } }).success, 'on a bridge of the admin\'s addresses are not ours to declare')
})
