/** What a message asks: its identity, its deadline, its params. */
import type { AsyncMessage } from 'rabbitmq-client'
import t from 'tap'
import { headers } from '../../../policy/broker/topology.ts'
import { ownerIn } from '../../../tui/broker/claims.ts'
import { explain, scrub } from '../../../tui/broker/explain.ts'
import { readRequest, requestIdOf, type CreateRequest } from '../../../tui/broker/request.ts'

const options = { now: 1_000_000, deadlineSeconds: 60, legacy: { memoryMiB: 4096, bridge: 'br0' } }
const old = { command: 'create-vm', options: { image: 'small' } }
const rpc = (params: object): object => ({ jsonrpc: '2.0', id: 1, method: 'vm.create', params: { image: 'small', ...params } })

function read(more: Partial<AsyncMessage>): CreateRequest {
  const found = readRequest({ body: old, ...more } as AsyncMessage, options)
  if (found.kind !== 'create') throw new Error(found.reason)
  return found.request
}

t.test('its identity is what its sender alone can have said', async (t) => {
  const uuid = '4f7f9c3e-1111-4abc-9def-0123456789ab'
  t.equal(read({}).id, undefined)
  t.equal(read({ messageId: 'm' }).id, 'm')
  t.equal(read({ messageId: '', correlationId: '17' }).id, undefined, 'a counter is no identity')
  t.equal(read({ correlationId: uuid }).id, uuid)
  t.equal(read({ messageId: 'm', correlationId: uuid }).id, 'm')
  t.equal(read({ body: rpc({ requestId: 'r' }), messageId: 'm' }).id, 'r')
  t.equal(requestIdOf('m'), 'm')
  t.match(requestIdOf('mit Umlaut ä'), /^sha256-[0-9a-f]{64}$/)
})

t.test('its deadline is the header that a host has written, or follows from when it was sent and how long it is good', async (t) => {
  t.equal(read({}).deadline, 1_060_000)
  t.equal(read({ timestamp: 900 }).deadline, 960_000)
  t.equal(read({ timestamp: 900, expiration: '5000' }).deadline, 905_000)
  t.equal(read({ expiration: '5000' }).deadline, 1_005_000)
  t.equal(read({ expiration: 'soon' }).deadline, 1_060_000)
  t.equal(read({ timestamp: 900, headers: { [headers.deadline]: '77' } }).deadline, 77)
  t.equal(read({ headers: { [headers.deadline]: -1 } }).deadline, 1_060_000)
  t.equal(read({ timestamp: 900, headers: { 'x-death': [{ 'original-expiration': '5000' }] } }).deadline, 905_000)
})

t.test('an old request is one for vm.create', async (t) => {
  const { params, form } = read({ body: { command: 'create-vm', options: { image: 'small', vpn: 'blue', 'public-ip': true, 'init-script': 'true\n' } } })
  t.match(params, { image: 'small', memoryMiB: 4096, autostart: true, networks: [{ kind: 'vpn', name: 'blue' }, { kind: 'bridge', bridge: 'br0' }], initScript: 'true\n' })
  t.equal(form.kind, 'legacy')
})

t.test('what others have written into the header of passes does no harm', async (t) => {
  for (const text of ['', '[', '[]', '{"a": 1}', 7]) t.same(read({ headers: { [headers.passedBy]: text } }).passedBy, {})
  t.same(read({ headers: { [headers.passedBy]: '{"a":{"reason":"full","lasting":false}}' } }).passedBy, { a: { reason: 'full', lasting: false, before: false } })
})

t.test('whose claim it is stands in what RabbitMQ complains about', async (t) => {
  const complaint = (arg: string, rest: string): string => `QueueDeclare: PRECONDITION_FAILED - inequivalent arg '${arg}' for queue 'aetherscale.claim.x' in vhost '/': ${rest}`
  const key = 'x-dead-letter-routing-key'
  t.equal(ownerIn(complaint(key, "received 'b' but current is 'a'")), 'a')
  t.equal(ownerIn(complaint(key, "received 'b' but current is none")), undefined)
  t.equal(ownerIn(complaint(key, "received 'b' but current is 'some-long-na...")), undefined)
  t.equal(ownerIn(complaint('x-expires', "received '5' but current is '6'")), undefined)
  t.equal(ownerIn(complaint(key, "received 'b' but current is 'Not a host'")), undefined)
})

t.test('no password is in what is logged', async (t) => {
  const text = 'to amqp://me:p%20ss%22@x/ with p ss", "p ss\\"", cCBzcyI='
  t.equal(scrub(text, 'p ss"'), 'to amqp://***@x/ with ***, "***", ***')
  t.equal(scrub('plain', ''), 'plain')
  t.equal(explain(new Error('of p ss"'), 'p ss"'), 'of ***')
  t.match(explain(new AggregateError([new Error('refused 1'), new Error('refused 2')]), 'x'), 'refused 1, refused 2')
})
