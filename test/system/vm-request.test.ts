/** Creates that are asked for again. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Progress } from '../../policy/api/events.ts'
import { connect } from '../../tui/client.ts'
import { startTestDaemon } from './daemon.ts'

t.test('a VM that is asked for by a requestId is made once, whoever asks, and whatever daemon', async (t) => {
  const daemon = await startTestDaemon(t)
  spawnSync('qemu-img', ['create', '-q', '-f', 'qcow2', join(daemon.root, 'images', 'small.qcow2'), '8M'])
  const requestId = `${'r'.repeat(254)}1`
  const request = { image: 'small', name: 'web', memoryMiB: 32, networks: [], requestId }
  const other = await connect({ directory: daemon.sockets, env: {}, access: 'control' })
  t.teardown(() => {
    other.close()
  })
  const heard: Progress[][] = [[], []]
  const asked = [daemon.client, other].map((client, index) => client.call('vm.create', request, { onProgress: (news) => heard[index]!.push(news) }))
  const [one, two] = await Promise.all(asked)
  t.equal(one?.id, two?.id)
  for (const news of heard) t.ok(news.length > 0 && news.every(({ vm }) => vm === one?.id), 'each is told from the first which VM it is')
  t.same(await daemon.client.call('vm.create', request).then(({ id, pid }) => ({ id, pid })), { id: one?.id, pid: one?.pid }, 'also with its name, which is taken')
  await t.rejects(daemon.client.call('vm.create', { ...request, memoryMiB: 64 }), { name: 'VM_REQUEST_REUSED', field: 'requestId' })
  t.match(daemon.log(), new RegExp(`"method":"vm\\.create".*"requestId":"${requestId}".*"outcome":"ok"`), 'the log of what was changed has it')

  await daemon.kill()
  await daemon.start()
  t.equal((await daemon.client.call('vm.create', request)).id, one?.id)
  t.equal(daemon.qemus().length, 1)
  const copy = await daemon.client.call('vm.stop', { vm: 'web', force: true }).then(() => daemon.client.call('vm.clone', { vm: 'web', name: 'copy', start: false }))
  await daemon.client.call('vm.delete', { vm: 'web' })
  const anew = await daemon.client.call('vm.create', request)
  t.equal(anew.id, one?.id, 'the id follows from the request')
  t.not(anew.createdAt, one?.createdAt, 'of a VM that was deleted nothing is known any more: this is another one')
  t.not(copy.id, anew.id, 'and a clone was not asked for by it')

  await t.rejects(daemon.client.call('vm.create', { ...request, name: 'web', requestId: 'two' }), { name: 'VM_NAME_TAKEN' })
  t.match(await daemon.client.call('vm.create', { ...request, name: 'mail', requestId: 'two' }), { name: 'mail' }, 'one that failed is forgotten')
})

t.test('a VM that was half made when the daemon was killed is undone before the same request makes it anew', async (t) => {
  const daemon = await startTestDaemon(t)
  spawnSync('qemu-img', ['create', '-q', '-f', 'qcow2', join(daemon.root, 'images', 'small.qcow2'), '8M'])
  const request = { image: 'small', name: 'web', memoryMiB: 32, networks: [], requestId: 'one' }
  const { promise: told, resolve: tell } = Promise.withResolvers<string>()
  const unanswered = daemon.client.call('vm.create', request, { onProgress: ({ vm }) => tell(vm ?? '') }).catch(() => undefined)
  const id = await told
  await daemon.kill()
  await unanswered
  const { phase, createdAt } = JSON.parse(readFileSync(join(daemon.root, 'config', 'vm', id, 'vm.json'), 'utf8')) as { phase: string; createdAt: string }
  await daemon.start()
  const [one, two] = await Promise.all([daemon.client.call('vm.create', request), daemon.client.call('vm.create', request)])
  t.equal(one.id, two.id)
  t.equal(one.id, id, 'as it was told')
  t.equal(one.createdAt === createdAt, phase === 'ready', `it was ${phase}`)
  t.same((await daemon.client.call('vm.list', {})).vms.map((vm) => vm.id), [one.id])
  t.same(daemon.qemus(), [one.pid])
})
