/** The contract's params: what fits each operation, and that nothing more does. */
import t from 'tap'
import { operationResults } from '../../../policy/privileged/results.ts'
import { operations, REQUEST_LIMIT, type Operation } from '../../../policy/privileged/operations.ts'

const tap = { vm: 'abcdefgh', nic: 0, attach: { network: 'lan' }, mac: '52:54:00:12:34:56' }
const fits: Record<Operation, object[]> = {
  'policy.get': [{}],
  'link.list': [{}],
  'bridge.ensure': [{ network: 'lan' }, { network: '0' }, { network: 'a--b' }, { network: 'a'.repeat(32) }],
  'bridge.delete': [{ network: 'lan' }],
  'tap.ensure': [tap, { ...tap, nic: 7 }, { ...tap, attach: { bridge: 'br0' } }, { ...tap, attach: { bridge: 'Br_0.1-x' } }, { ...tap, attach: { bridge: 'if2x' } }, { ...tap, mac: '00:00:00:00:00:00' }],
  'tap.delete': [{ vm: 'abcdefgh', nic: 0 }],
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
