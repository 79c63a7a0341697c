import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { findDoubt, readTls } from '../../../tui/http/tls-files.ts'
import { makeTestDirectory } from '../../fakes/daemon.ts'
import { makeCertificate } from './certificates.ts'

t.test('what TLS cannot be spoken with is told at the start, and not to each client', async (t) => {
  const folder = await makeTestDirectory(t)
  const file = (name: string): string => join(folder, name)
  const openssl = (...args: string[]): unknown => execFileSync('openssl', args, { stdio: 'ignore' })
  openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-keyout', file('key'), '-out', file('cert'))
  openssl('genpkey', '-algorithm', 'ed25519', '-out', file('other'))
  writeFileSync(file('empty'), '')
  t.match(await readTls({ cert: file('cert'), key: file('key') }), { cert: Buffer, key: Buffer })
  const data = { name: 'HOST_IO' }
  await t.rejects(readTls({ cert: file('cert'), key: file('other') }), { data, message: /another certificate/ }, 'Node takes a key of another kind')
  await t.rejects(readTls({ cert: file('empty'), key: file('key') }), { data, message: /cannot be used for TLS/ })
  await t.rejects(readTls({ cert: file('key'), key: file('cert') }), { data, message: /cannot be used for TLS/ }, 'one for the other')
  await t.rejects(readTls({ cert: file('cert'), key: file('none') }), { data, message: /none cannot be read/ })
})

t.test('what clients may refuse is told of whatever is in the file, and is no reason to serve nothing', async (t) => {
  const folder = await makeTestDirectory(t)
  const [cert, key] = [join(folder, 'cert'), join(folder, 'key')]
  const ec = makeCertificate(folder, 'ec')
  const rsa = makeCertificate(folder, 'rsa', -1)
  const judge = async (...chain: Buffer[]): Promise<string | undefined> => {
    writeFileSync(cert, Buffer.concat(chain))
    writeFileSync(key, chain.includes(ec.leaf) ? ec.key : rsa.key)
    return findDoubt((await readTls({ cert, key })).cert)
  }
  t.equal(await judge(ec.leaf), undefined)
  t.equal(await judge(ec.leaf, ec.between), undefined)
  t.equal(await judge(Buffer.from('Bag Attributes: as openssl pkcs12 writes them\r\n'), ec.leaf, ec.between, ec.root), undefined)
  t.match(await judge(ec.leaf, ec.root), /"CN=leaf ec" is followed by "CN=root ec", which has not issued it/)
  t.match(await judge(rsa.leaf, rsa.between), /"CN=leaf rsa" has ended on /)
  t.match(findDoubt(ec.leaf, new Date(0)), /"CN=leaf ec" begins on /)
})
