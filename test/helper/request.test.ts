/** From bytes to a request: whatever they are, there is a request that fits the contract, or a refusal. */
import t from 'tap'
import { Refusal } from '../../helper/refusal.ts'
import { parseEnvelope, parseRequest } from '../../helper/request.ts'
import { operations, REQUEST_LIMIT } from '../../policy/privileged/operations.ts'
import { createRandom } from '../inputs/random.ts'
import { HOSTILE_CASES, TAP } from './hostile-cases.ts'

const read = (frame: string | Uint8Array): ReturnType<typeof parseRequest> => parseRequest(parseEnvelope(Buffer.from(frame)))

t.test('a request is read, with params or without where there are none', async (t) => {
  t.same(read('{"jsonrpc":"2.0","id":1,"method":"link.list"}'), { operation: 'link.list', params: {} })
  t.same(read('{"params":{},"method":"link.list","id":"a","jsonrpc":"2.0"} \t\r'), { operation: 'link.list', params: {} })
  t.same(read(JSON.stringify({ jsonrpc: '2.0', id: 'a'.repeat(64), method: 'tap.ensure', params: TAP })), { operation: 'tap.ensure', params: { ...TAP, attach: { network: 'lan', addresses: [] } } })
  t.same(read('{"jsonrpc":"2.0","id":-1,"method":"tap.delete","params":{"vm":"abcdefgh","nic":1e0}}'), { operation: 'tap.delete', params: { vm: 'abcdefgh', nic: 1 } })
  t.same(read('{"jsonrpc":"2.0","id":1,"method":"bridge.ensure","params":{"network":"\\u006can"}}'), { operation: 'bridge.ensure', params: { network: 'lan' } }, 'escapes are read')
})

t.test('a refusal says where the params do not fit', async (t) => {
  const refused = (params: object): unknown => {
    try {
      return read(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tap.ensure', params }))
    } catch (error) {
      return (error as Error).message
    }
  }
  t.match(refused({ ...TAP, mac: 'x' }), /^params\.mac does not fit tap\.ensure: /)
  t.match(refused({ ...TAP, nic: 9 }), /^params\.nic does not fit tap\.ensure: /)
  t.match(refused({ ...TAP, attach: { lan: 1 } }), /^params\.attach does not fit tap\.ensure: /)
  t.match(refused({ ...TAP, user: 0 }), /^params does not fit tap\.ensure: unrecognized_keys$/, 'and repeats no key that it does not know')
})

t.test('what is hostile by itself is refused before anybody looks at the host', async (t) => {
  for (const { name, bytes, expect } of HOSTILE_CASES) {
    // the length is looked at before anything is read; the rest depends on the host
    if (bytes.length > REQUEST_LIMIT || expect === 'nothing' || expect === 'closed' || expect.startsWith('NET_')) continue
    const frame = Buffer.from(bytes)
    t.throws(() => read(frame.includes('\n') ? frame.subarray(0, frame.indexOf('\n')) : frame), { code: expect }, name)
  }
})

t.test('whatever the bytes, only a refusal is thrown, and what is read fits the contract', async (t) => {
  const seed = Number(process.env['AETHERSCALE_SEED'] ?? Date.now() % 1_000_000)
  t.comment(`AETHERSCALE_SEED=${seed}`)
  const random = createRandom(seed)
  const below = (limit: number): number => Math.floor(random() * limit)
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!

  const scalars = [null, true, 0, -0, 1, 7, 8, -1, 1.5, 1e300, '', 'lan', 'br0', 'abcdefgh', '52:54:00:12:34:56', 'fd00::/64', '10.0.0.1', 'if2', '\0', '\n', '\ud800', '2.0', ...Object.keys(operations), '__proto__', 'constructor']
  const keys = ['jsonrpc', 'id', 'method', 'params', 'network', 'vm', 'nic', 'attach', 'addresses', 'bridge', 'mac', 'prefix', '__proto__', 'toString', 'length']
  const grow = (depth: number): unknown => {
    if (depth === 0 || random() < 0.4) return pick(scalars)
    if (random() < 0.2) return Array.from({ length: below(4) }, () => grow(depth - 1))
    return Object.fromEntries(Array.from({ length: below(5) }, () => [pick(keys), grow(depth - 1)]))
  }
  const frames: (() => Uint8Array)[] = [
    () => Buffer.from(Array.from({ length: below(80) }, () => below(256))),
    () => Buffer.from(JSON.stringify(grow(4))),
    () => Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: below(9), method: pick(Object.keys(operations)), params: grow(3) })),
    () => Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: pick(scalars), method: 'tap.ensure', params: { ...TAP, [pick(keys)]: grow(2) } })),
    () => {
      const frame = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tap.ensure', params: TAP }))
      for (let times = below(3); times >= 0; times -= 1) frame[below(frame.length)]! ^= 1 << below(8)
      return frame
    },
  ]
  const tally = { read: 0, refused: 0 }
  for (let times = 0; times < 30_000; times += 1) {
    const frame = pick(frames)()
    try {
      const { operation, params } = read(frame)
      tally.read += 1
      if (!operations[operation].safeParse(params).success) t.fail(`does not fit: ${Buffer.from(frame).toString('base64')}`)
    } catch (error) {
      tally.refused += 1
      if (!(error instanceof Refusal) || error.code === 'INTERNAL' || error.code.startsWith('NET_')) t.fail(`${String(error)}: ${Buffer.from(frame).toString('base64')}`)
    }
  }
  t.ok(tally.read > 100 && tally.refused > 10_000, JSON.stringify(tally))
})
