/** `vpn/NAME/vpn.json` and, beside it, `secrets.json`: what a VPN should be on this host. Written by the daemon, readable by people. */
import * as z from 'zod'
import { HostAddress, Prefix64, Timestamp, VpnHostName, VpnName } from '../../policy/names.ts'

/** Another host, as tinc has to know it. */
export const PeerRecord = z.strictObject({
  name: VpnHostName,
  addresses: z.array(HostAddress),
  port: z.int(),
  /** PKCS#1 in PEM. */
  publicKey: z.string(),
})
export type PeerRecord = z.infer<typeof PeerRecord>

export const VpnRecord = z.strictObject({
  version: z.literal(1),
  name: VpnName,
  prefix: Prefix64,
  host: z.strictObject({
    name: VpnHostName,
    /** Where they were chosen; else they are the host's own at any time. */
    addresses: z.array(HostAddress).optional(),
    port: z.int(),
    publicKey: z.string(),
  }),
  peers: z.array(PeerRecord),
  /** used: it goes with the last VM on it. */
  keptWhile: z.enum(['asked', 'used']),
  createdAt: Timestamp,
})
export type VpnRecord = z.infer<typeof VpnRecord>

export const VpnSecrets = z.strictObject({
  version: z.literal(1),
  /** Of this host: PKCS#1 in PEM. */
  privateKey: z.string(),
  /** 32 octets in base64url that all hosts of the VPN have: answers to invitations are authenticated by it. */
  secret: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
})
export type VpnSecrets = z.infer<typeof VpnSecrets>
