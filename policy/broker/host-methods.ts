/** What relays answer by themselves, besides the methods of their daemons. JSON-RPC 2.0 over AMQP. */
import * as z from 'zod'
import { VpnHostName, VpnName } from '../names.ts'
import { Announcement, Host } from './cluster.ts'
import { LINE_LIMIT } from '../wire.ts'
import { HostName } from './config.ts'
import { Envelope } from './envelope.ts'

/** Bytes of a request's body: what the daemon takes as a line. */
export const BODY_LIMIT = LINE_LIMIT

/** The body of a message; `response-channel` names the queue for the answer where the AMQP property reply_to does not. */
export const HostRequest = z.object({
  jsonrpc: z.literal('2.0'),
  id: z.union([z.string(), z.number(), z.null()]).optional().describe('Without one, it is a notification: nothing is answered'),
  method: z.string().describe("Of the relay, or of its daemon as far as `remote` permits it"),
  params: z.record(z.string(), z.unknown()).optional().describe('By name; none where not said'),
  'response-channel': z.string().min(1).max(255).optional().describe('Queue for the answer, where reply_to does not name one'),
})
export type HostRequest = z.infer<typeof HostRequest>

export const HostList = z.object({ hosts: z.array(Host).describe('By name: the host itself, those it has heard of, those that are pinned') })
export type HostList = z.infer<typeof HostList>

/** Notifications to all hosts. */
export const hostNotifications = {
  'host.announce': Announcement,
  'host.leaving': z.strictObject({ host: HostName }),
} as const

/** Between hosts that have pinned each other: both params and result are `{envelope}`. */
export const Enveloped = z.strictObject({ envelope: Envelope })

const Refusal = z.strictObject({ refused: z.string().describe("Why not, as the daemon of the host that was asked says") })

/** The contents of the envelopes, by their purpose. What is asked goes by the method `host.PURPOSE`. */
export const envelopeContents = {
  'vpn-invitation': z.strictObject({ vpn: VpnName }),
  'vpn-invitation-answer': z.union([z.strictObject({ token: z.string().describe('As vpn.invite answered'), hostName: VpnHostName.describe('What the host that invites is called in the VPN') }), Refusal]),
  'vpn-joined': z.strictObject({ vpn: VpnName, answer: z.string().describe('As vpn.join answered') }),
  'vpn-joined-answer': z.union([z.strictObject({ hostName: VpnHostName.describe('What the host that has taken the answer is called in the VPN') }), Refusal]),
} as const
