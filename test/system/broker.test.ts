/** The contract of the first aetherscale over RabbitMQ, message by message, with its own kind of client. */
import t from 'tap'
import { COMPUTING } from '../../policy/broker/topology.ts'
import { lacksRabbit, startRabbit } from '../inputs/rabbitmq.ts'
import { startTestDaemon } from './daemon.ts'
import { askAsBefore, makeEmptyImage, startTestRelay } from './relay.ts'

t.test('the client of the first aetherscale works unchanged', { skip: lacksRabbit }, async (t) => {
  const [rabbit, daemon] = await Promise.all([startRabbit(t), startTestDaemon(t)])
  makeEmptyImage(daemon, 'small')
  const relay = await startTestRelay(t, daemon, rabbit, 'host1', { legacy: { memoryMiB: 32, bridge: 'no-bridge' } })
  const ask = async (command: string, options: object, enough?: number): Promise<unknown[]> => {
    t.comment(`-> ${COMPUTING} ${command} ${JSON.stringify({ command, options })}`)
    const answers = await askAsBefore(rabbit, command, options, enough)
    for (const answer of answers) t.comment(`<- ${JSON.stringify(answer)}`)
    return answers
  }
  const success = (response: unknown): object => ({ 'execution-info': { status: 'success' }, response })
  const error = (reason: RegExp): object => ({ 'execution-info': { status: 'error', reason } })

  const created = (await ask('create-vm', { image: 'small', 'init-script': null, vpn: null, 'public-ip': false }, 2)) as { response: { 'vm-id': string } }[]
  const id = created[0]!.response['vm-id']
  t.same(created, [success({ status: 'allocating', 'vm-id': id }), success({ status: 'starting', 'vm-id': id })])
  t.match(id, /^[a-z]{8}$/)
  const vm = await daemon.client.call('vm.get', { vm: id })
  t.equal(vm.memoryMiB, 32)
  t.ok(vm.autostart)

  t.match(await ask('list-vms', {}), [success([{ 'vm-id': id, 'ip-addresses': [] }])], 'once a host, in all of its time')
  t.match(await ask('start-vm', { 'vm-id': id }, 1), [success({ status: 'starting', 'vm-id': id, hint: /already started/ })])
  t.same(await ask('stop-vm', { 'vm-id': id, kill: true }, 1), [success({ status: 'killed', 'vm-id': id })])
  t.match(await ask('stop-vm', { 'vm-id': id }, 1), [success({ status: 'stopped', 'vm-id': id, hint: /was not running/ })])
  t.same(await ask('start-vm', { 'vm-id': id }, 1), [success({ status: 'starting', 'vm-id': id })])
  t.same(await ask('delete-vm', { 'vm-id': id }, 1), [success({ status: 'deleted', 'vm-id': id })])
  t.same((await daemon.client.call('vm.list', {})).vms, [])

  t.match(await ask('stop-vm', { 'vm-id': 'xxxxxxxx' }), [error(/xxxxxxxx/)], 'an error is answered once')
  t.match(await ask('stop-vm', { 'vm-id': '../../x' }, 1), [error(/x/)])
  t.match(await ask('start-vm', {}, 1), [error(/vm-id/)])
  t.match(await ask('create-vm', { image: 'none' }, 1), [error(/host1: it has no image "none"/)], 'at once, for no other host is known')
  t.match(await ask('create-vm', { image: '../small' }, 1), [error(/image/)])
  t.match(await ask('create-vm', { image: 'small', 'public-ip': true }, 1), [error(/no bridge "no-bridge"/)])
  t.same(await ask('list-vms', {}, 1), [success([])])
  t.equal(await relay.stop(), 0)
  t.notMatch(relay.log(), /"level":50/)
})
