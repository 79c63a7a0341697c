/** What a host on a broker keeps in `broker/` of the configuration folder. */
import * as z from 'zod'
import { HostName } from './config.ts'

/** `host-key.json`: readable by its owner alone. Private keys, PKCS#8 in PEM. */
export const HostKeyFile = z.strictObject({
  version: z.literal(1),
  signing: z.string().describe('Ed25519'),
  sealing: z.string().describe('X25519'),
})
export type HostKeyFile = z.infer<typeof HostKeyFile>

/** `pinned.json`: the hosts that are trusted, with their public keys as `aetherscale host key` prints them. */
export const PinnedFile = z.strictObject({ version: z.literal(1), hosts: z.record(HostName, z.string()) })
export type PinnedFile = z.infer<typeof PinnedFile>
