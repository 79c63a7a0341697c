/** What one host tells another alone: signed with the sender's key, sealed to the recipient's. */
import * as z from 'zod'
import { Timestamp } from '../names.ts'
import { HostName } from './config.ts'

/** What an envelope may be for; one for another purpose is refused. */
export const EnvelopePurpose = z.enum(['vpn-invitation', 'vpn-invitation-answer', 'vpn-joined', 'vpn-joined-answer'])
export type EnvelopePurpose = z.infer<typeof EnvelopePurpose>

/** Exactly so many bytes: 16, 32 or 64. */
const base64 = (bytes: number) => z.string().regex(new RegExp(`^[A-Za-z0-9+/]{${Math.ceil((bytes * 8) / 6)}}${'='.repeat(3 - (bytes % 3))}$`), `must be ${bytes} bytes in base64`)

export const Envelope = z
  .strictObject({
    version: z.literal(1),
    sender: HostName,
    recipient: HostName,
    purpose: EnvelopePurpose,
    at: Timestamp.describe("By the sender's clock"),
    nonce: base64(16).describe('Of this envelope alone: one that comes a second time is refused'),
    inReplyTo: base64(16).optional().describe('Nonce of the envelope that this answers'),
    ephemeral: base64(32).describe('X25519 public key (RFC 7748), made for this envelope alone'),
    sealed: z.base64().max(400_000).describe('AES-256-GCM: ciphertext of the content as JSON, then the tag of 16 bytes'),
    signature: base64(64).describe('Ed25519 (RFC 8032), over all the others'),
  })
  .meta({ id: 'Envelope' })
export type Envelope = z.infer<typeof Envelope>
