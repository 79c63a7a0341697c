import t from 'tap'
import { examineRequest } from '../../../daemon/rpc/request.ts'

const request = { jsonrpc: '2.0', method: 'vm.get', id: 1 }
const refusedUnder = (value: unknown): unknown => {
  const examined = examineRequest(value)
  return 'refusal' in examined ? { name: examined.refusal.data.name, id: examined.id } : 'taken'
}

t.test('requests and notifications are taken, with params by name, by position or absent', async (t) => {
  for (const id of [1, 0, -1, 1.5, 'a', '', null, undefined, Number.MAX_SAFE_INTEGER]) {
    for (const params of [undefined, {}, []]) {
      const value: unknown = { ...request, id, params }
      t.same(examineRequest(value), { request: value }, JSON.stringify(value))
    }
  }
})

t.test('what is no object is refused under the id null', async (t) => {
  for (const value of [null, 0, 1, '', 'x', true, false, [], [request]]) {
    t.same(refusedUnder(value), { name: 'INVALID_REQUEST', id: null }, JSON.stringify(value))
  }
})

t.test('an id that could not come back as it was sent is refused', async (t) => {
  for (const id of [{}, [], [1], true, false, Infinity, 2 ** 53, -(2 ** 53)]) {
    t.same(refusedUnder({ ...request, id }), { name: 'INVALID_REQUEST', id: null }, typeof id)
  }
})

t.test('what is wrong otherwise is refused under the id of the request', async (t) => {
  const wrong = [
    ...[1, null, undefined, {}, ['a']].map((method) => ({ method })),
    ...['1.0', '2', 2, 2.0, null, undefined].map((jsonrpc) => ({ jsonrpc })),
    ...[null, 'bar', 1, true].map((params) => ({ params })),
    { result: 1 },
    { error: null },
  ]
  for (const change of wrong) {
    t.same(refusedUnder({ ...request, ...change, id: 'x' }), { name: 'INVALID_REQUEST', id: 'x' }, JSON.stringify(change))
    t.same(refusedUnder({ ...request, ...change, id: undefined }), { name: 'INVALID_REQUEST', id: null })
  }
})

t.test('a key called __proto__ is a key like any other', async (t) => {
  t.same(refusedUnder(JSON.parse('{"__proto__":{"jsonrpc":"2.0","method":"vm.get","id":1}}')), { name: 'INVALID_REQUEST', id: null })
})
