import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import t from 'tap'
import { fingerprint, generateKeys, readPublicKey } from '../../../daemon/vpn/keys.ts'

const makeKey = (modulusLength: number, publicExponent = 0x10001) => generateKeyPairSync('rsa', { modulusLength, publicExponent }).publicKey
const spki = { type: 'spki', format: 'pem' } as const
const pkcs1 = { type: 'pkcs1', format: 'pem' } as const
const { publicKey, privateKey } = await generateKeys()

t.test('a new pair belongs together, in the form that tinc reads', async (t) => {
  t.match(publicKey, /^-----BEGIN RSA PUBLIC KEY-----\n/)
  t.match(privateKey, /^-----BEGIN RSA PRIVATE KEY-----\n/)
  t.match(createPrivateKey(privateKey).asymmetricKeyDetails, { modulusLength: 3072 })
  const text = Buffer.from('text')
  t.ok(verify('sha256', text, publicKey, sign('sha256', text, privateKey)))
  t.not((await generateKeys()).publicKey, publicKey, 'another one each time')
})

t.test('one key has one text, however it is given', async (t) => {
  const object = createPublicKey(publicKey)
  const given = [publicKey, object.export(spki) as string, `\n  ${publicKey}\n\n`, publicKey.replaceAll('\n', '\r\n'), publicKey.trim()]
  for (const text of given) t.equal(readPublicKey(text, 'publicKey'), publicKey, JSON.stringify(text.slice(0, 40)))
})

t.test('what is no RSA public key of a good size is refused with the reason', async (t) => {
  const cases: Record<string, [text: string, reason: RegExp]> = {
    nothing: ['', /not one block of PEM/],
    'a private key': [privateKey, /private key/],
    'a private key behind the public one': [publicKey + privateKey, /private key/],
    'two keys': [publicKey + publicKey, /not one block/],
    'a configuration in front': [`Address = 192.0.2.7\n${publicKey}`, /not one block/],
    'a configuration behind': [`${publicKey}Subnet = ::/0\n`, /not one block/],
    'a configuration inside': [publicKey.replace('\n', '\nPort = 1\n'), /not one block|cut or altered/],
    'a certificate': [publicKey.replaceAll('RSA PUBLIC KEY', 'CERTIFICATE'), /not one block/],
    'another label at the end': [publicKey.replace('END RSA', 'END'), /not one block/],
    'half a key': [publicKey.replace(/\n.{64}\n/, '\n'), /cut or altered/],
    'a key of an elliptic curve': [generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export(spki) as string, /its kind is ec/],
    'a key for RSA-PSS alone': [generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey.export(spki) as string, /its kind is rsa-pss/],
    'a short key': [makeKey(1024).export(pkcs1) as string, /it has 1024 bits/],
    'an exponent of 3': [makeKey(2048, 3).export(pkcs1) as string, /exponent/],
  }
  for (const [name, [text, message]] of Object.entries(cases)) {
    t.throws(() => readPublicKey(text, 'peerKey'), { name: 'UserError', message, data: { name: 'INVALID_PARAMS', field: 'peerKey', hint: /PEM/ } }, name)
  }
})

t.test('a key of more bits than tincd has room for is refused, and one of fewer taken', async (t) => {
  // the numbers of a public key need not be those of a real one, whose making takes a minute
  const withModulus = (bits: number): string => {
    const n = Buffer.alloc(bits / 8, 0xff).toString('base64url')
    return createPublicKey({ key: { kty: 'RSA', n, e: 'AQAB' }, format: 'jwk' }).export(pkcs1) as string
  }
  t.equal(readPublicKey(withModulus(8192), 'publicKey'), withModulus(8192))
  t.throws(() => readPublicKey(withModulus(8200), 'publicKey'), { message: /it has 8200 bits/ })
})

t.test('an exponent by which everybody could sign is refused', async (t) => {
  const n = Buffer.alloc(256, 0xff).toString('base64url')
  const key = createPublicKey({ key: { kty: 'RSA', n, e: 'AQ' }, format: 'jwk' }).export(pkcs1) as string
  t.throws(() => readPublicKey(key, 'publicKey'), { message: /exponent/ })
})

t.test('a fingerprint is the digest of the key, not of its text', async (t) => {
  const der = createPublicKey(publicKey).export({ type: 'spki', format: 'der' })
  t.equal(fingerprint(publicKey), `SHA256:${createHash('sha256').update(der).digest('base64').slice(0, 43)}`)
  t.equal(fingerprint(createPublicKey(publicKey).export(spki) as string), fingerprint(publicKey))
})
