import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startFakeDaemon } from '../../fakes/daemon.ts'
import { makeFolder } from '../../fakes/folder.ts'
import { lacksRabbit, startRabbit } from '../../inputs/rabbitmq.ts'
import { run } from '../command-process.ts'
import { startFakeHost } from './fake-host.ts'

t.test('a RabbitMQ with an alarm, which takes no messages, is told of by relays and commands', { skip: lacksRabbit }, async (t) => {
  const rabbit = await startRabbit(t, undefined, ['vm_memory_high_watermark.relative = 0.000001'])
  const host = await startFakeHost(t, rabbit, 'a')
  await host.logs('RabbitMQ takes no messages for now')
  const config = join(makeFolder(t), 'config')
  mkdirSync(config)
  writeFileSync(join(config, 'broker.json'), JSON.stringify({ url: rabbit.url, host: 'b' }))
  const { socket } = await startFakeDaemon(t, { 'system.info': () => ({ folders: { config } }) })
  t.match(await run(t, ['--socket', socket, '--cluster', 'vm', 'list']), { status: 3, stderr: /takes no messages now: low on memory\n.*rabbitmqctl status/ })
  t.match(await run(t, ['--socket', socket, '--cluster', 'vm', 'create', 'small', '--request-id', 'once']), { status: 3, stderr: /takes no messages now.*\n.*--request-id once/ })
})
