/** What broker.json, the environment and the files that they name come to. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { readBrokerSettings } from '../../../tui/broker/settings.ts'

const folder = mkdtempSync(join(tmpdir(), 'aetherscale-test-'))
t.teardown(() => rmSync(folder, { recursive: true }))
const env = { HOSTNAME: 'host1' }

function write(value: unknown, mode = 0o600): void {
  const file = join(folder, 'broker.json')
  writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value))
  chmodSync(file, mode)
}

const put = (name: string, text: string, mode: number): string => {
  const file = join(folder, name)
  writeFileSync(file, text)
  chmodSync(file, mode)
  return file
}

t.test('without a file it is RabbitMQ on this host, as it comes', async (t) => {
  const { address, username, password, tls, warning, host } = readBrokerSettings(join(folder, 'none'), env)
  t.same({ address, username, password, tls, warning, host }, {
    address: { hostname: 'localhost', port: 5672, vhost: '/' },
    username: 'guest',
    password: 'guest',
    tls: undefined,
    warning: undefined,
    host: 'host1',
  })
})

t.test('the name of a host is its first label, in lower case', async (t) => {
  t.equal(readBrokerSettings(join(folder, 'none'), { HOSTNAME: 'Node7.example.org' }).host, 'node7')
  t.throws(() => readBrokerSettings(join(folder, 'none'), { HOSTNAME: '_x' }), /cannot be the name of a host/)
})

t.test('RABBITMQ_HOST goes before the host of the URL, and leaves the rest of it', async (t) => {
  write({ url: 'amqp://localhost:5999/my%2Fhost' })
  t.same(readBrokerSettings(folder, { ...env, RABBITMQ_HOST: '127.0.0.1' }).address, { hostname: '127.0.0.1', port: 5999, vhost: 'my/host' })
  t.same(readBrokerSettings(folder, { ...env, RABBITMQ_HOST: 'other:1234' }).address.port, 1234)
})

t.test('what is no address is told, and not left out', async (t) => {
  write({ url: 'amqp://localhost' })
  for (const chosen of ['a b', 'user@host', 'host:99999', 'host/vhost', 'amqp://host', '::1']) {
    t.throws(() => readBrokerSettings(folder, { ...env, RABBITMQ_HOST: chosen }), { data: { name: 'BROKER_CONFIG_BROKEN' }, message: /RABBITMQ_HOST/ }, chosen)
  }
  t.equal(readBrokerSettings(folder, { ...env, RABBITMQ_HOST: '[::1]:5999' }).address.hostname, '::1')
  t.equal(readBrokerSettings(folder, { ...env, RABBITMQ_HOST: 'Rabbit.example' }).address.hostname, 'Rabbit.example')
  write({ url: `amqp://x/${'v'.repeat(39)}` })
  t.equal(readBrokerSettings(folder, env).address.vhost.length, 39)
  for (const url of ['amqp://x:99999', 'amqp://x/%zz', 'amqp://', `amqp://x/${'v'.repeat(40)}`]) {
    write({ url })
    t.throws(() => readBrokerSettings(folder, env), { data: { name: 'BROKER_CONFIG_BROKEN' }, message: /url/ }, url)
  }
})

t.test('an IPv6 address has no brackets for a socket', async (t) => {
  write({ url: 'amqp://[::1]:5672' })
  t.equal(readBrokerSettings(folder, env).address.hostname, '::1')
})

t.test('a password without TLS is warned of, but on this host', async (t) => {
  write({ url: 'amqp://rabbit.example.org' })
  t.match(readBrokerSettings(folder, env).warning, /unencrypted/)
  write({ url: 'amqps://rabbit.example.org' })
  const secure = readBrokerSettings(folder, env)
  t.equal(secure.warning, undefined)
  t.same(secure.tls, {})
  t.equal(secure.address.port, 5671)
})

t.test('a file with a password that others can read is refused', async (t) => {
  write({ password: 'hush-hush' }, 0o644)
  t.throws(() => readBrokerSettings(folder, env), /holds a password, and others than its owner may use it/)
  write({ password: 'hush-hush' })
  t.equal(readBrokerSettings(folder, env).password, 'hush-hush')
  write({}, 0o644)
  t.equal(readBrokerSettings(folder, env).password, 'guest', 'one without may be read')
  write({ passwordFile: put('open', 'hush-hush\n', 0o640) })
  t.throws(() => readBrokerSettings(folder, env), /others than its owner/)
  write({ passwordFile: put('closed', 'hush-hush\nmore', 0o600) })
  t.equal(readBrokerSettings(folder, env).password, 'hush-hush')
  write({ url: 'amqps://x', tls: { key: put('key', 'KEY', 0o644) } })
  t.throws(() => readBrokerSettings(folder, env), /private key/)
})

t.test('a URL that is none is said to be, not thrown about', async (t) => {
  for (const url of ['amqp://a b', 'amqp://localhost/%zz', 'amqp://localhost:99999']) {
    write({ url })
    t.throws(() => readBrokerSettings(folder, env), /broker\.json: url: /, url)
  }
})

t.test('an error about the file does not quote it', async (t) => {
  for (const text of ['{"password": "hush-hush",}', '{"password": "hush-hush", "limits": 7}', '{"url": "amqp://me:hush-hush@x"}']) {
    write(text)
    try {
      readBrokerSettings(folder, env)
      t.fail(`taken: ${text}`)
    } catch (error) {
      t.match(error, { data: { name: 'BROKER_CONFIG_BROKEN' } })
      t.notMatch(JSON.stringify([(error as Error).message, error]), /hush-hush/)
    }
  }
})
