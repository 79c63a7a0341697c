/** What README has an admin of RabbitMQ permit is enough, and who may less is told so. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Connection } from 'rabbitmq-client'
import t from 'tap'
import { startFakeDaemon } from '../../fakes/daemon.ts'
import { makeFolder } from '../../fakes/folder.ts'
import { lacksRabbit, startRabbit } from '../../inputs/rabbitmq.ts'
import { eventually } from '../../system/daemon.ts'
import { run, type Outcome } from '../command-process.ts'
import { startFakeHost } from './fake-host.ts'

const README = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8')
/** Its lines for rabbitmqctl, as arguments. */
const LINES = [...README.matchAll(/^ +sudo rabbitmqctl (\w+ -?\w.*)$/gm)].map(([, line = '']) => [...line.replace(/ +#.*/, '').matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? ''))

t.test('users of RabbitMQ', { skip: lacksRabbit }, async (t) => {
  const rabbit = await startRabbit(t)
  t.same(LINES.map(([command]) => command), ['add_vhost', 'add_user', 'add_user', 'set_permissions', 'set_permissions'])
  for (const line of LINES) await rabbit.control(...line, ...(line[0] === 'add_user' ? ['secret'] : []))
  const address = { hostname: '127.0.0.1', port: rabbit.port, vhost: 'cloud' }
  const permit = (user: string, ...regexes: string[]): Promise<string> => rabbit.control('set_permissions', '-p', 'cloud', user, ...regexes)

  const config = join(makeFolder(t), 'config')
  mkdirSync(config)
  writeFileSync(join(config, 'broker.json'), JSON.stringify({ url: `${rabbit.url}/cloud`, username: 'cloud-client', password: 'secret', host: 'elsewhere' }), { mode: 0o600 })
  const { socket } = await startFakeDaemon(t, { 'system.info': () => ({ folders: { config } }) })
  const ask = (...words: string[]): Promise<Outcome> => run(t, ['--socket', socket, '--cluster', '--within', '20', ...words])

  const relay = (host: string, username: string): ReturnType<typeof startFakeHost> => startFakeHost(t, rabbit, host, { settings: { address, username, password: 'secret' } })
  const host = await relay('a', 'cloud-host')
  await host.logs('takes requests')
  const other = await relay('b', 'cloud-host')
  await other.logs('a host is on the broker')

  await t.test('one of a client makes VMs, and sees them', async (t) => {
    t.match(await ask('vm', 'create', 'small'), { status: 0, stderr: /on host [ab]/ })
    t.match(await ask('vm', 'list'), { status: 0, stdout: /^HOST.*\n[ab] / })
    t.equal(host.made.length + other.made.length, 1)
    t.notMatch(host.log(), /REFUSED/)
  })

  await t.test('the same one is enough for scripts of the first aetherscale', async (t) => {
    const script = new Connection({ ...address, username: 'cloud-client', password: 'secret' })
    t.teardown(() => script.unsafeDestroy())
    const channel = await script.acquire()
    await channel.exchangeDeclare({ exchange: 'computing', passive: true })
    const answers: unknown[] = []
    await channel.basicConsume({ queue: 'amq.rabbitmq.reply-to', noAck: true }, ({ body }) => void answers.push(body))
    for (const [command, options] of [['create-vm', { image: 'small' }], ['list-vms', {}]] as const) {
      await channel.basicPublish({ exchange: 'computing', routingKey: command, replyTo: 'amq.rabbitmq.reply-to' }, { command, options })
    }
    await eventually(() => answers.length === 4, () => `answers: ${JSON.stringify(answers)}`)
    t.match(answers, Array.from({ length: 4 }, () => ({ 'execution-info': { status: 'success' } })))
    await channel.close()
  })

  await t.test('one that may not publish there is told what RabbitMQ refuses, at once', async (t) => {
    await permit('cloud-client', '^$', '^$', '^$')
    t.match(await ask('vm', 'list'), { status: 4, stderr: /refuses cloud-client: .*exchange 'aetherscale'.*\n.*list_permissions/ })
    t.match(await ask('vm', 'create', 'small'), { status: 4, stderr: /refuses cloud-client: .*exchange 'computing'/ })
  })

  await t.test('a host that may nothing is not told that another one has its name', async (t) => {
    await permit('cloud-client', '^$', '^$', '^$')
    const stranger = await relay('c', 'cloud-client')
    const failures: unknown[] = []
    stranger.relay.failed.catch((error: unknown) => failures.push(error))
    await eventually(() => stranger.log().split(`access to exchange 'computing' in vhost 'cloud' refused`).length > 4, () => stranger.log())
    t.same(failures, [])
    await permit('cloud-client', '.*', '.*', '.*')
    await stranger.logs('takes requests')
  })
})
