import { randomBytes } from 'node:crypto'
import t from 'tap'
import { HostAddress, Prefix64, VpnHostName, VpnName } from '../../../policy/names.ts'
import { openingOf, signed } from '../../../daemon/vpn/envelope.ts'
import { generateKeys } from '../../../daemon/vpn/keys.ts'
import type { PeerRecord } from '../../../daemon/vpn/record.ts'
import { makeAnswer, makeInvitation, readAnswer, readInvitation, type Answer, type Invitation } from '../../../daemon/vpn/token.ts'

const keys = await generateKeys()
const otherKeys = await generateKeys()
const secret = randomBytes(32).toString('base64url')
const now = new Date('2026-01-02T03:04:05.000Z')
const later = new Date('2026-01-03T03:04:05.000Z')

const hostNamed = (name: string, publicKey = keys.publicKey, addresses = ['192.0.2.7', '2001:db8::7', 'host1.example.org']): PeerRecord => ({
  name: VpnHostName.parse(name),
  addresses: addresses.map((text) => HostAddress.parse(text)),
  port: 50_000,
  publicKey,
})
const common = { vpn: VpnName.parse('blue'), prefix: Prefix64.parse('fd00:ae:0:1::/64'), expiresAt: later.toISOString() }
const invitation: Invitation = { ...common, secret, host: hostNamed('host1'), peers: [hostNamed('host2', otherKeys.publicKey, [])] }
const answer: Answer = { ...common, host: hostNamed('host3') }
const invite = makeInvitation(invitation, keys.privateKey)
const reply = makeAnswer(answer, { privateKey: keys.privateKey, secret })

const invalid = (field: string, message: RegExp) => ({ name: 'UserError', message, data: { name: 'VPN_TOKEN_INVALID', field, hint: /.+/ } })
const refused = (field: string, message: RegExp) => ({ name: 'UserError', message, data: { name: 'VPN_TOKEN_REFUSED', field, hint: /.+/ } })
/** Whether it is taken by any of the readers; throws what is no error for users. */
const isTaken = (text: string): boolean => {
  const readers = [() => readInvitation(text, now), () => { readAnswer(text).authenticate(secret, now) }]
  return readers.some((read) => {
    try {
      read()
      return true
    } catch (error) {
      if (error instanceof Error && error.name === 'UserError') return false
      throw error
    }
  })
}

t.test('what was put in comes out, from one printable line', async (t) => {
  t.match(invite, /^aevpn-invite-1\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/)
  t.match(reply, /^aevpn-answer-1\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/)
  t.strictSame(readInvitation(invite, now), invitation)
  const { authenticate, ...read } = readAnswer(reply)
  t.strictSame(read, answer)
  t.doesNotThrow(() => { authenticate(secret, now) })
})

t.test('blanks and line breaks of a copy from a terminal do no harm', async (t) => {
  const wrapped = ` \n${invite.match(/.{1,80}/g)!.join('\r\n   ')}\t\n`
  t.strictSame(readInvitation(wrapped, now), invitation)
  t.doesNotThrow(() => { readAnswer(reply.match(/.{1,72}/g)!.join('\n')).authenticate(secret, now) })
})

t.test('no bit of a token can be another one', async (t) => {
  for (const token of [invite, reply]) {
    t.ok(isTaken(token))
    const taken = []
    for (let at = 0; at < token.length; at++) {
      // the bits that make another letter of base64url, and one that makes something else
      for (const bit of [0, 1, 5, 7]) {
        const altered = token.slice(0, at) + String.fromCharCode(token.charCodeAt(at) ^ (1 << bit)) + token.slice(at + 1)
        if (isTaken(altered)) taken.push([at, bit])
      }
    }
    t.strictSame(taken, [], `${token.length} characters`)
  }
})

t.test('no part of a token is one', async (t) => {
  for (const token of [invite, reply]) {
    t.notOk(Array.from(token, (_, length) => token.slice(0, length)).some(isTaken), 'cut at the end')
    t.notOk(Array.from(token, (_, start) => token.slice(start + 1)).some(isTaken), 'cut in front')
    t.notOk(isTaken(token.replace(/\..{4}/, '.')), 'cut inside')
    t.notOk(isTaken(`${token}.AAAA`), 'something behind it')
    t.notOk(isTaken(token + token), 'twice')
  }
})

t.test('one kind given for the other is told, with where it belongs', async (t) => {
  t.throws(() => readInvitation(reply, now), { message: /answer of a host/, data: { name: 'VPN_TOKEN_INVALID', field: 'token', hint: /vpn accept/ } })
  t.throws(() => readAnswer(invite), { message: /is an invitation/, data: { name: 'VPN_TOKEN_INVALID', field: 'answer', hint: /vpn join/ } })
  // and one whose kind was rewritten is still not the other
  t.throws(() => readAnswer(invite.replace('invite', 'answer')), invalid('answer', /./))
  t.throws(() => readInvitation(reply.replace('answer', 'invite'), now), invalid('token', /./))
  const sameContent = signed(openingOf('invite', answer), keys.privateKey).replace('invite', 'answer')
  t.throws(() => readAnswer(sameContent), invalid('answer', /cut or altered/))
})

t.test('a text that is no token, or one of a later version, is told as that', async (t) => {
  for (const text of ['', ' ', '.', '..', 'blue', 'aevpn', '-----BEGIN RSA PUBLIC KEY-----', '__proto__', 'constructor.a.b']) {
    t.throws(() => readInvitation(text, now), invalid('token', /does not begin with aevpn-invite-1/), JSON.stringify(text))
  }
  t.throws(() => readInvitation(invite.replace('-1.', '-2.'), now), invalid('token', /aevpn-invite-2/))
  for (const text of ['aevpn-answer-1', 'aevpn-answer-1.', 'aevpn-answer-1..', 'aevpn-answer-1...', 'aevpn-answer-1.bnVsbA.AAAA.AAAA', 'aevpn-answer-1.////.AAAA.AAAA']) {
    t.throws(() => readAnswer(text), invalid('answer', /cut or altered/), text)
  }
})

t.test('a MiB is not looked into', async (t) => {
  for (const read of [() => readInvitation('A'.repeat(2 ** 20), now), () => readAnswer(`${reply}${'\n'.repeat(2 ** 20)}`)]) {
    t.throws(read, { message: /longer than 65536/, data: { name: 'VPN_TOKEN_INVALID' } })
  }
})

t.test('a token is refused from the moment on at which it expires', async (t) => {
  t.doesNotThrow(() => readInvitation(invite, new Date(later.getTime() - 1)))
  t.throws(() => readInvitation(invite, later), refused('token', /expired at 2026-01-03T03:04:05.000Z/))
  const { authenticate } = readAnswer(reply)
  t.doesNotThrow(() => { authenticate(secret, new Date(later.getTime() - 1)) })
  t.throws(() => { authenticate(secret, later) }, refused('answer', /expired/))
})

t.test('who was not invited cannot answer', async (t) => {
  const guessed = randomBytes(32).toString('base64url')
  const forged = makeAnswer(answer, { privateKey: keys.privateKey, secret: guessed })
  t.throws(() => { readAnswer(forged).authenticate(secret, now) }, refused('answer', /not made from an invitation to this VPN "blue"/))
  t.throws(() => { readAnswer(reply).authenticate(guessed, now) }, refused('answer', /not made from an invitation/))
  // the MAC of another answer, or none, under one's own signature
  const mac = reply.split('.')[2]
  const mine = openingOf('answer', { ...answer, host: hostNamed('mallory', otherKeys.publicKey) })
  t.throws(() => { readAnswer(signed(`${mine}.${mac}`, otherKeys.privateKey)).authenticate(secret, now) }, refused('answer', /not made from/))
  t.throws(() => { readAnswer(signed(`${mine}.AAAA`, otherKeys.privateKey)).authenticate(secret, now) }, refused('answer', /not made from/))
  t.throws(() => readAnswer(signed(mine, otherKeys.privateKey)), invalid('answer', /cut or altered/))
})

t.test('who has not the key of the host that a token is about cannot make it', async (t) => {
  t.throws(() => readInvitation(makeInvitation(invitation, otherKeys.privateKey), now), invalid('token', /signature/))
  t.throws(() => readAnswer(makeAnswer(answer, { privateKey: otherKeys.privateKey, secret })), invalid('answer', /signature/))
})

t.test('nothing that is not as it has to be gets through, whoever signed it', async (t) => {
  const { host } = answer
  const cases: Record<string, [content: object, path: RegExp]> = {
    'a name of nine letters': [{ ...answer, vpn: 'bluebluex' }, /its vpn /],
    'a name that is a path': [{ ...answer, vpn: '../x' }, /its vpn /],
    'a prefix of another length': [{ ...answer, prefix: 'fd00:ae::/48' }, /its prefix /],
    'a link-local prefix': [{ ...answer, prefix: 'fe80::/64' }, /its prefix /],
    'a time that is none': [{ ...answer, expiresAt: 'never' }, /its expiresAt /],
    'a host name with a dash': [{ ...answer, host: { ...host, name: 'host-3' } }, /its host.name /],
    'a line in an address': [{ ...answer, host: { ...host, addresses: ['192.0.2.7\nConnectTo = evil'] } }, /its host.addresses.0 /],
    'a line behind an address': [{ ...answer, host: { ...host, addresses: ['192.0.2.7', '192.0.2.8\n'] } }, /its host.addresses.1 /],
    'a blank in an address': [{ ...answer, host: { ...host, addresses: ['host1 655'] } }, /its host.addresses.0 /],
    'nine addresses': [{ ...answer, host: { ...host, addresses: Array(9).fill('192.0.2.7') } }, /its host.addresses /],
    'port 0': [{ ...answer, host: { ...host, port: 0 } }, /its host.port /],
    'port 65536': [{ ...answer, host: { ...host, port: 65_536 } }, /its host.port /],
    'a port with a fraction': [{ ...answer, host: { ...host, port: 50_000.5 } }, /its host.port /],
    'a port as a text': [{ ...answer, host: { ...host, port: '50000' } }, /its host.port /],
    'a line behind the key': [{ ...answer, host: { ...host, publicKey: `${host.publicKey}Port = 1\n` } }, /its host.publicKey /],
    'a key of another form': [{ ...answer, host: { ...host, publicKey: host.publicKey.trim() } }, /its host.publicKey /],
    'no key': [{ ...answer, host: { ...host, publicKey: '' } }, /its host.publicKey /],
    'one field more': [{ ...answer, script: 'tinc-up' }, /cut or altered/],
    'one field more of the host': [{ ...answer, host: { ...host, '\u001b[2J': 1 } }, /its host does not fit$/],
    'one field fewer': [{ vpn: 'blue', host }, /its prefix /],
    'another kind of JSON': [[answer], /cut or altered/],
  }
  for (const [name, [content, message]] of Object.entries(cases)) {
    t.throws(() => readAnswer(makeAnswer(content as Answer, { privateKey: keys.privateKey, secret })), invalid('answer', message), name)
  }
  const invitations: Record<string, [content: object, path: RegExp]> = {
    'a short secret': [{ ...invitation, secret: secret.slice(1) }, /its secret /],
    'a peer with a line in its address': [{ ...invitation, peers: [{ ...host, addresses: ['a\nb'] }] }, /its peers.0.addresses.0 /],
    'a peer of the same name as the host': [{ ...invitation, peers: [invitation.host] }, /its peers /],
    'two peers of one name': [{ ...invitation, peers: [host, host] }, /its peers /],
    '65 peers': [{ ...invitation, peers: Array.from({ length: 65 }, (_, at) => hostNamed(`peer${at}`, undefined, [])) }, /its peers /],
  }
  for (const [name, [content, message]] of Object.entries(invitations)) {
    t.throws(() => readInvitation(signed(openingOf('invite', content), keys.privateKey), now), invalid('token', message), name)
  }
})

t.test('an invitation takes along as many peers as there is room for', async (t) => {
  const peersWith = (count: number, addresses: string[]) => Array.from({ length: count }, (_, at) => hostNamed(`peer${at}`, undefined, addresses))
  const many = readInvitation(makeInvitation({ ...invitation, peers: peersWith(100, []) }, keys.privateKey), now)
  t.strictSame(many.peers, peersWith(64, []))
  const longAddresses = Array.from({ length: 8 }, (_, at) => `${at}.${`${'a'.repeat(63)}.`.repeat(3)}${'b'.repeat(50)}`)
  const token = makeInvitation({ ...invitation, host: hostNamed('host1', undefined, longAddresses), peers: peersWith(64, longAddresses) }, keys.privateKey)
  const wrapped = token.match(/.{1,72}/g)!.join('\r\n')
  t.ok(wrapped.length <= 65_536)
  const { peers } = readInvitation(wrapped, now)
  t.ok(peers.length > 10 && peers.length < 64)
  t.strictSame(peers, peersWith(peers.length, longAddresses))
})
