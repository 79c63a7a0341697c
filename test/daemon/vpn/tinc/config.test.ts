import t from 'tap'
import { renderTinc } from '../../../../daemon/vpn/tinc/config.ts'
import { makeHost, recordOf, secretsOf } from '../harness.ts'

const host1 = await makeHost('host1', ['192.0.2.1'], 50_001)
const host2 = await makeHost('host2', ['192.0.2.2', '2001:db8::2', 'host2.example.org'], 50_002)
const host3 = await makeHost('host3', [], 655)

t.test('a record has one configuration, which its owner alone can read', async (t) => {
  const files = renderTinc(recordOf(host1, [host2, host3]), secretsOf(host1), 'aetabcdefghijkl')
  t.strictSame([...files.keys()], ['tinc.conf', 'rsa_key.priv', 'hosts/host1', 'hosts/host2', 'hosts/host3'])
  t.strictSame(new Set([...files.values()].map(({ mode }) => mode)), new Set([0o600]))
  t.equal(
    files.get('tinc.conf')?.text,
    [
      'Name = host1',
      'DeviceType = tap',
      'Device = /dev/net/tun',
      'Interface = aetabcdefghijkl',
      'Mode = switch',
      'AddressFamily = any',
      'PingInterval = 5',
      'PingTimeout = 5',
      'MaxTimeout = 10',
      'ConnectTo = host2',
      '',
    ].join('\n'),
  )
  t.equal(files.get('rsa_key.priv')?.text, host1.privateKey)
  t.equal(
    files.get('hosts/host1')?.text,
    `Port = 50001\nCipher = aes-256-cbc\nDigest = sha256\nMACLength = 16\nCompression = 0\n\n${host1.peer.publicKey}`,
  )
  t.equal(
    files.get('hosts/host2')?.text,
    `Address = 192.0.2.2 50002\nAddress = 2001:db8::2 50002\nAddress = host2.example.org 50002\nPort = 50002\n\n${host2.peer.publicKey}`,
  )
  t.equal(files.get('hosts/host3')?.text, `Port = 655\n\n${host3.peer.publicKey}`)
  t.strictSame(renderTinc(recordOf(host1, [host2, host3]), secretsOf(host1), 'aetabcdefghijkl'), files)
})

t.test('another peer changes no file of those that there are, but for who is connected to', async (t) => {
  const before = renderTinc(recordOf(host1, [host2]), secretsOf(host1), 'aetabcdefghijkl')
  const after = renderTinc(recordOf(host1, [host2, await makeHost('host4', ['192.0.2.4'])]), secretsOf(host1), 'aetabcdefghijkl')
  for (const [path, file] of before) {
    if (path === 'tinc.conf') t.equal(after.get(path)?.text, `${file.text}ConnectTo = host4\n`)
    else t.strictSame(after.get(path), file, path)
  }
  t.ok(after.has('hosts/host4'))
})

t.test('the secret of the VPN is in none of them, and the private key in one', async (t) => {
  const secrets = secretsOf(host1)
  const texts = [...renderTinc(recordOf(host1, [host2]), secrets, 'aetabcdefghijkl')].map(([, { text }]) => text)
  t.notOk(texts.some((text) => text.includes(secrets.secret)))
  t.equal(texts.filter((text) => text.includes('PRIVATE KEY')).length, 1)
})
