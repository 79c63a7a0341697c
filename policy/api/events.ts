/** What the daemon tells without being asked each time: notifications, from the daemon to a client. */
import * as z from 'zod'
import { ImageName, NetworkName, Timestamp, VmId, VmName, VpnHostName, VpnName } from '../names.ts'
import { InitState } from './first-boot.ts'
import { StatsSample } from './stats.ts'
import { GuestAddress, VmState } from './vm.ts'
import { method } from './method.ts'

const aboutVm = { at: Timestamp, vm: VmId, name: VmName.optional() }
const aboutImage = { at: Timestamp, image: ImageName }
const aboutNetwork = { at: Timestamp, network: NetworkName }
const aboutVpn = { at: Timestamp, vpn: VpnName }

/** One thing that happened. The kind is `resource.what`. */
export const Event = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('vm.created'), ...aboutVm }),
    z.object({ kind: z.literal('vm.state'), ...aboutVm, from: VmState, to: VmState }),
    z.object({ kind: z.literal('vm.agent'), ...aboutVm, agent: z.enum(['absent', 'connected']) }),
    z.object({ kind: z.literal('vm.addresses'), ...aboutVm, addresses: z.array(GuestAddress) }),
    z.object({ kind: z.literal('vm.init'), ...aboutVm, state: InitState, exitCode: z.int().optional() }),
    z
      .object({ kind: z.literal('vm.changed'), ...aboutVm })
      .describe(
        'Something else that vm.get tells has changed: what it is given, its operation, its unit, its problem; or a VM is begun to be ' +
          'made, or did not come to be. Not told by it: addressesAt, how much room a full disk has, and what changes from one state to ' +
          'another, for the vm.state at the end of that tells it',
      ),
    z.object({ kind: z.literal('vm.deleted'), ...aboutVm }),
    z.object({ kind: z.literal('image.imported'), ...aboutImage }),
    z.object({ kind: z.literal('image.pulled'), ...aboutImage }),
    z.object({ kind: z.literal('image.deleted'), ...aboutImage }),
    z.object({ kind: z.literal('network.created'), ...aboutNetwork }),
    z.object({ kind: z.literal('network.deleted'), ...aboutNetwork }),
    z.object({ kind: z.literal('vpn.created'), ...aboutVpn }),
    z.object({ kind: z.literal('vpn.peers'), ...aboutVpn, peers: z.array(VpnHostName) }),
    z.object({ kind: z.literal('vpn.deleted'), ...aboutVpn }),
    z
      .object({
        kind: z.literal('helper.decided'),
        at: Timestamp,
        operation: z.string().describe('Of the privileged helper, such as tap.ensure'),
        subject: z.string().describe('What it was to be done to: a VM and its interface, a network; empty where the operation has none'),
        decision: z.enum(['granted', 'refused', 'failed']).describe('refused: by the allowlist or a quota; failed: granted, but could not be done, or nobody answered'),
        reason: z.string().optional().describe('Why not'),
        durationMs: z.number().describe('From asking to the answer').meta({ unit: 'ms' }),
      })
      .describe("What the network helper made of a request of this daemon's; what changed nothing because all was there already is not told"),
  ])
  .meta({ id: 'Event' })
export type Event = z.infer<typeof Event>

export const Progress = z
  .object({
    request: z.union([z.string(), z.number()]).describe('The id of the request that this is about'),
    message: z.string().describe('What is being done'),
    vm: VmId.optional().describe('Of a VM that is being made, as soon as that is known'),
    fraction: z.number().min(0).max(1).optional().describe('How much of it is done, where that is known'),
  })
  .meta({ id: 'Progress' })
export type Progress = z.infer<typeof Progress>

/** The notifications, by their method name. */
export const notifications = {
  event: { summary: 'Something happened; sent after events.subscribe', params: Event },
  stats: { summary: 'What VMs use now; sent after stats.subscribe', params: StatsSample },
  progress: { summary: 'How far a request has come; sent to the connection that asked', params: Progress },
  disconnect: {
    summary: 'The last line before the daemon closes the connection',
    params: z.object({ name: z.enum(['SLOW_READER', 'LINE_TOO_LONG', 'SHUTTING_DOWN']), message: z.string() }),
  },
} as const

export const eventKinds = Event.options.map((option) => option.shape.kind.value)

export const eventMethods = {
  'events.subscribe': method({
    summary: 'Send `event` notifications on this connection from now on',
    description:
      'A second subscribe replaces the first. What has happened already comes before the answer, the oldest first, and then what ' +
      'happens, in order: none twice, none missed between. A daemon remembers what has happened since it began, about the last 1000 ' +
      'events of all kinds. Whoever reads too slowly is disconnected with a reason; nothing is skipped.',
    params: z.strictObject({
      kinds: z.array(z.enum(eventKinds)).optional().describe('Only events of these kinds; all where not said'),
      recent: z.int().min(0).max(1000).default(0).describe('Sent first: so many of these kinds as have happened last, as far as the daemon remembers'),
    }),
    result: z.object({ kinds: z.array(z.enum(eventKinds)) }),
    errors: [],
    access: 'observe',
    command: { words: ['events'] },
  }),
  'events.unsubscribe': method({
    summary: 'Send no more events on this connection',
    params: z.strictObject({}),
    result: z.object({}),
    errors: [],
    access: 'observe',
  }),
}
