/** What hosts on one broker tell each other and their clients, by JSON-RPC 2.0 over AMQP; methods of the daemon's go the same way. */
import * as z from 'zod'
import { BridgeName, ImageName, NetworkName, Prefix64, Timestamp, VpnName } from '../names.ts'
import { HostName } from './config.ts'

const Room = z
  .object({
    used: z.number().describe('By VMs that are there or being made, running or not'),
    limit: z.number().optional().describe('Absent where there is none'),
  })
  .describe('How much of something there is')

/** Characters: all hosts keep what each has told, and whoever may publish can tell of as many as it likes. */
export const WHY_LIMIT = 500

/** A host as it tells of itself, every few seconds and when that changes. */
export const Announcement = z
  .object({
    host: HostName,
    version: z.string().max(64).describe('Of its relay'),
    at: Timestamp.max(40).describe("By the host's own clock"),
    publicKey: z.string().max(200).describe('Of the host: what others pin'),
    takes: z.boolean().describe('Whether it takes requests to make VMs'),
    why: z.string().max(WHY_LIMIT).optional().describe('Why not: full, leaving, its daemon does not answer'),
    vms: Room,
    memoryMiB: Room.meta({ unit: 'MiB' }),
    diskMiB: Room.meta({ unit: 'MiB' }),
    images: z.array(ImageName).max(1000).describe('That can be used; networks, VPNs and images past a thousand are not told'),
    networks: z.array(NetworkName).max(1000).describe('Private networks of this host alone'),
    vpns: z.array(z.object({ name: VpnName, prefix: Prefix64.optional() })).max(1000).describe('That it has, with their prefixes'),
    bridges: z.array(BridgeName).max(100).describe('To the outside, as far as VMs have been on them'),
  })
  .meta({ id: 'Announcement' })
export type Announcement = z.infer<typeof Announcement>

/** A host as others see it. */
export const Host = Announcement.partial()
  .required({ host: true })
  .extend({
    ageSeconds: z.number().optional().describe('Since it was last heard of; absent for one that was never heard of, but is pinned').meta({ unit: 's' }),
    connected: z.boolean().describe('Heard of within the last 15 s'),
    trust: z.enum(['self', 'pinned', 'unknown', 'conflict']).describe('pinned: its key is the one that was pinned here; conflict: another one is'),
  })
  .meta({ id: 'Host' })
export type Host = z.infer<typeof Host>

export const ANNOUNCE_EVERY_MS = 5000
/** Three announcements missed. */
export const LOST_AFTER_MS = 15_000
