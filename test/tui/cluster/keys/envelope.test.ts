import { randomBytes, sign, verify } from 'node:crypto'
import t from 'tap'
import { Envelope } from '../../../../policy/broker/envelope.ts'
import { Nonces, openEnvelope, sealEnvelope, WINDOW_MS, type Opening, type Sealing } from '../../../../tui/cluster/keys/envelope.ts'
import { generateHostKey } from '../../../../tui/cluster/keys/host-key.ts'

const [alpha, beta, stranger] = [generateHostKey(), generateHostKey(), generateHostKey()]
const now = new Date('2026-01-02T03:04:05.678Z')
const content = { vpn: 'blue', text: 'ünïcode "quotes"' }

const seal = (more: Partial<Sealing> = {}): Envelope =>
  sealEnvelope({ from: { name: 'alpha', key: alpha }, to: { name: 'beta', key: beta.public }, purpose: 'vpn-invitation', content, now, ...more })

const open = (envelope: Envelope, more: Partial<Opening> = {}): unknown =>
  openEnvelope(envelope, {
    self: { name: 'beta', key: beta },
    pinned: (host) => (host === 'alpha' ? alpha.public : undefined),
    purpose: 'vpn-invitation',
    now,
    nonces: new Nonces(() => now.getTime() - 1000),
    ...more,
  })

const refusal = (problem: string) => ({ name: 'EnvelopeRefusal', problem })

t.test('the recipient reads what the sender has written, and nobody else finds it in there', async (t) => {
  const envelope = seal()
  t.same(open(Envelope.parse(JSON.parse(JSON.stringify(envelope)))), content)
  t.notMatch(JSON.stringify(envelope), 'blue')
  t.not(seal().sealed, envelope.sealed, 'twice the same is never sealed the same')
  const eavesdropper = { self: { name: 'beta', key: stranger } }
  t.throws(() => open(seal(), eavesdropper), refusal('forged'), 'without the key of the recipient it is not opened')
})

t.test('each field is under the signature', async (t) => {
  const other = seal({ content: { vpn: 'green' } })
  const altered: Partial<Record<keyof Envelope, unknown>> = {
    sender: 'gamma',
    recipient: 'gamma',
    purpose: 'vpn-joined',
    at: new Date(now.getTime() + 1).toISOString(),
    nonce: randomBytes(16).toString('base64'),
    inReplyTo: randomBytes(16).toString('base64'),
    ephemeral: other.ephemeral,
    sealed: other.sealed,
    signature: other.signature,
  }
  const fields = Object.keys(Envelope.shape).filter((field) => field !== 'version')
  t.same(Object.keys(altered).sort(), fields.sort(), 'no field is left out here')
  // as a host that is called as the envelope says, and has gamma pinned with alpha's key: the signature alone is left to tell
  for (const [field, value] of Object.entries(altered)) {
    const envelope = Envelope.parse({ ...seal(), [field]: value })
    const lenient = { self: { name: envelope.recipient, key: beta }, pinned: () => alpha.public, purpose: envelope.purpose }
    t.throws(() => open(envelope, lenient), refusal('forged'), field)
  }
})

t.test('what is for another, or of nobody who is trusted, is refused before anything is opened', async (t) => {
  t.throws(() => open(seal({ to: { name: 'gamma', key: beta.public } })), refusal('for another host'))
  t.throws(() => open(seal({ purpose: 'vpn-joined' })), refusal('for another purpose'))
  t.throws(() => open(seal({ from: { name: 'gamma', key: alpha } })), refusal('of a host that is not pinned here'))
  t.throws(() => open(seal({ from: { name: 'alpha', key: stranger } })), refusal('forged'), 'under a pinned name, with another key')
})

t.test('a stranger cannot put its own signature under what it has not read', async (t) => {
  const { signature: _, ...taken } = seal()
  const { purpose, at, nonce, ephemeral, sealed } = taken
  for (const sender of ['alpha', 'stranger']) {
    const signed = Buffer.from(JSON.stringify(['aetherscale-envelope', 1, sender, 'beta', purpose, at, nonce, null, ephemeral, sealed]))
    const signature = sign(null, signed, stranger.signing).toString('base64')
    t.ok(verify(null, signed, stranger.public.signing, Buffer.from(signature, 'base64')))
    t.throws(() => open(Envelope.parse({ ...taken, sender, signature }), { pinned: () => stranger.public }), refusal('forged'), sender)
  }
})

t.test('an envelope is opened once, and only about when it was made', async (t) => {
  const nonces = new Nonces(() => now.getTime() - 10 * WINDOW_MS)
  const envelope = seal()
  t.same(open(envelope, { nonces }), content)
  t.throws(() => open(envelope, { nonces }), refusal('a replay'))
  const later = new Date(now.getTime() + WINDOW_MS)
  t.throws(() => open(envelope, { nonces, now: later }), refusal('a replay'), 'it is remembered for as long as it would be taken')
  for (const ms of [WINDOW_MS + 1, -WINDOW_MS - 1]) {
    t.throws(() => open(seal(), { nonces, now: new Date(now.getTime() + ms) }), refusal('too old, or from the future'), `${ms} ms apart`)
  }
  t.throws(() => open(seal(), { nonces: new Nonces(() => now.getTime() + 1) }), refusal('too old, or from the future'), 'made before this program began: it may have been opened then')
})

t.test('an answer is one to what was asked, by whom was asked', async (t) => {
  const asked = seal()
  const answer = seal({ from: { name: 'beta', key: beta }, to: { name: 'alpha', key: alpha.public }, purpose: 'vpn-invitation-answer', inReplyTo: asked.nonce })
  const more: Partial<Opening> = { self: { name: 'alpha', key: alpha }, pinned: () => beta.public, purpose: 'vpn-invitation-answer' }
  t.same(open(answer, { ...more, answers: { nonce: asked.nonce, by: 'beta' } }), content)
  t.throws(() => open(answer, { ...more, answers: { nonce: seal().nonce, by: 'beta' } }), refusal('no answer to what was asked'))
  t.throws(() => open(answer, { ...more, answers: { nonce: asked.nonce, by: 'gamma' } }), refusal('no answer to what was asked'))
})
