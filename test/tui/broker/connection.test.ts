/** The way to a real RabbitMQ: by TLS, with wrong passwords, and before it is there. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createServer, type TLSSocket } from 'node:tls'
import { pino } from 'pino'
import t from 'tap'
import { BrokerConfig } from '../../../policy/broker/config.ts'
import { openConnection, openQuietConnection } from '../../../tui/broker/connection.ts'
import { lacksRabbit, startRabbit, type Certificates } from '../../inputs/rabbitmq.ts'
import { startFakeHost } from './fake-host.ts'

t.test('a real RabbitMQ', { skip: lacksRabbit }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'aetherscale-test-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const certificates = makeCertificates(folder)
  const rabbit = await startRabbit(t, certificates)
  const address = { hostname: 'localhost', port: rabbit.tlsPort, vhost: '/' }

  await t.test('TLS, with an authority that is said', async (t) => {
    const host = await startFakeHost(t, rabbit, 'secure', { settings: { address, tls: { ca: readFileSync(certificates.ca, 'utf8') } } })
    await host.logs('takes requests')
    t.pass('connected')
  })

  await t.test('TLS names the server that is meant', async (t) => {
    const server = createServer({ key: readFileSync(certificates.key), cert: readFileSync(certificates.cert) }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const port = (server.address() as AddressInfo).port
    const settings = { config: BrokerConfig.parse({}), host: 'a', address: { hostname: 'localhost', port, vhost: '/' }, username: 'guest', password: 'guest', tls: { ca: readFileSync(certificates.ca, 'utf8') } }
    const connection = openQuietConnection(settings, 'test')
    const [socket] = (await once(server, 'secureConnection')) as [TLSSocket & { readonly servername?: string }]
    t.equal(socket.servername, 'localhost')
    connection.unsafeDestroy()
    socket.destroy()
    server.close()
  })

  await t.test('TLS, with one that nobody has vouched for', async (t) => {
    const host = await startFakeHost(t, rabbit, 'wary', { settings: { address, tls: {} } })
    await host.logs('does not answer yet')
    t.match(host.log(), /unable to verify|self-signed|unable to get local issuer/)
    t.notMatch(host.log(), 'connected to RabbitMQ')
  })

  await t.test('a password that is wrong is in no log', async (t) => {
    const host = await startFakeHost(t, rabbit, 'stranger', { settings: { username: 'somebody', password: 'hush-hush' } })
    await host.logs('refuses the user')
    t.match(host.log(), /"why":"ACCESS_REFUSED/)
    t.notMatch(host.log(), /hush-hush|aHVzaC1odXNo/)
  })

  await t.test('where it is not there yet it is waited for, and where it goes; each is told once', async (t) => {
    await rabbit.kill()
    const host = await startFakeHost(t, rabbit, 'patient')
    await host.logs('does not answer yet')
    await delay(2000)
    t.equal(host.log().split('does not answer yet; waiting').length, 2)
    await rabbit.start()
    await host.logs('takes requests')
    await rabbit.kill()
    await host.logs('is lost')
    await delay(2000)
    t.equal(host.log().split('is lost').length, 2)
  })

  await t.test('that the password is wrong is told also where RabbitMQ was not there at first', async (t) => {
    const host = await startFakeHost(t, rabbit, 'early', { settings: { username: 'somebody' } })
    await host.logs('does not answer yet')
    await rabbit.start()
    await host.logs('refuses the user')
    t.match(host.log(), /ACCESS_REFUSED/)
  })

  await t.test('that RabbitMQ has no room is told, and when it has again', async (t) => {
    const lines: string[] = []
    const ended = new AbortController()
    const settings = { config: BrokerConfig.parse({}), host: 'a', address: { hostname: '127.0.0.1', port: rabbit.port, vhost: '/' }, username: 'guest', password: 'guest' }
    const connection = openConnection(settings, pino({}, { write: (line: string) => void lines.push(line) }), ended.signal)
    for (const what of ['connection.blocked', 'connection.unblocked']) connection.emit(what, 'low on memory')
    ended.abort()
    connection.unsafeDestroy()
    t.match(lines.map((line) => JSON.parse(line) as object), [{ msg: /takes no messages for now/, why: 'low on memory' }, { msg: 'RabbitMQ takes messages again' }])
  })
})

/** An authority of its own, and what it says of localhost. */
function makeCertificates(folder: string): Certificates {
  const file = (name: string): string => join(folder, name)
  const openssl = (...args: string[]): unknown => execFileSync('openssl', args, { stdio: 'ignore' })
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=test', '-keyout', file('ca.key'), '-out', file('ca.pem'))
  openssl('req', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', file('key.pem'), '-out', file('csr.pem'))
  openssl('x509', '-req', '-in', file('csr.pem'), '-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial', '-days', '2', '-copy_extensions', 'copy', '-out', file('cert.pem'))
  return { ca: file('ca.pem'), cert: file('cert.pem'), key: file('key.pem') }
}
