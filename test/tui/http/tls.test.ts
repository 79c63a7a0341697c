import { once } from 'node:events'
import { connect as connectPlainly } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import t from 'tap'
import { startFakeDaemon } from '../../fakes/daemon.ts'
import { makeCertificate } from './certificates.ts'
import { fetchFrom, openDoor } from './open-door.ts'

t.test('where TLS is spoken, clients of HTTP/1.0 are served, and who speaks no TLS is told', async (t) => {
  const { directory } = await startFakeDaemon(t, { 'vm.list': () => ({ vms: [] }) })
  const { root, leaf, between, key } = makeCertificate(directory, 'ec')
  const { at, log } = await openDoor(t, directory, { tcp: true, kind: { tls: { cert: Buffer.concat([leaf, between]), key } } })
  const { host, port } = at as { host: string; port: number }
  const greet = async (protocol: string): Promise<TLSSocket> => {
    const socket = connect({ host, port, ca: root, ALPNProtocols: [protocol] })
    await once(socket, 'secureConnect')
    return socket
  }
  const old = await greet('http/1.0')
  old.write('GET /v1/vm HTTP/1.0\r\n\r\n')
  let text = ''
  for await (const chunk of old) text += String(chunk)
  t.match(text, /^HTTP\/1.1 200 /)
  t.match(await fetchFrom(at, 'GET /v1/vm'), { status: 400, json: { name: 'REQUEST_INVALID', detail: /https:/ } })
  const other = connectPlainly(port, host)
  other.on('error', () => undefined).write('neither the one nor the other\r\n')
  await once(other, 'close')
  await t.rejects(greet('h2'))
  const modern = await greet('http/1.1')
  modern.destroy()
  t.equal(modern.alpnProtocol, 'http/1.1')
  t.notMatch(log.join(''), 'defect')
})
