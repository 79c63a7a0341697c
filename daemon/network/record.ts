/** `network/NAME.json`: what a private network should be. Written by the daemon, readable by people. */
import * as z from 'zod'
import { NetworkName, Prefix64, Timestamp } from '../../policy/names.ts'

export const NetworkRecord = z.strictObject({
  version: z.literal(1),
  name: NetworkName,
  prefix: Prefix64.optional(),
  createdAt: Timestamp,
})
export type NetworkRecord = z.infer<typeof NetworkRecord>
