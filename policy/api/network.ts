/** Private networks: a bridge of this host's own that VMs have interfaces on, and nothing else has. */
import * as z from 'zod'
import { NetworkName, Prefix64, Timestamp, VmId } from '../names.ts'
import { method } from './method.ts'

export const Network = z
  .object({
    name: NetworkName,
    prefix: Prefix64.optional().describe('Advertised on it: guests make their IPv6 addresses from it'),
    createdAt: Timestamp,
    bridge: z.string().optional().describe("Its bridge's name on this host; absent until the helper has told it"),
    vms: z.array(VmId).describe('VMs with an interface on it'),
    problem: z.string().optional().describe('Why it may not carry anything now'),
  })
  .meta({ id: 'Network' })
export type Network = z.infer<typeof Network>

const helperErrors = ['NET_UNREACHABLE', 'NET_DENIED', 'NET_FAILED'] as const
const found = ['NETWORK_NOT_FOUND', 'NETWORK_RECORD_BROKEN'] as const
const oneNetwork = { network: NetworkName }

export const networkMethods = {
  'network.create': method({
    summary: 'Make a private network, with an IPv6 prefix or without',
    description:
      'One that is there already, with the same prefix, is answered as it is. The host itself has no address on it but a ' +
      'link-local one, and forwards nothing to it or from it.',
    params: z.strictObject({
      name: NetworkName,
      prefix: Prefix64.optional().describe('The /64 to advertise on it; it has to lie in what the allowlist grants'),
    }),
    result: Network,
    errors: ['NETWORK_NAME_TAKEN', 'NETWORK_RECORD_BROKEN', ...helperErrors, 'NET_QUOTA', 'NO_SPACE', 'HOST_IO'],
    access: 'control',
    command: { words: ['network', 'create'], args: ['name'] },
  }),
  'network.list': method({
    summary: 'List the private networks',
    description: 'Answered from the records and what the kernel shows: the helper is not asked.',
    params: z.strictObject({}),
    result: z.object({ networks: z.array(Network).describe('By name') }),
    errors: [],
    access: 'observe',
    command: {
      words: ['network', 'list'],
      table: { rows: 'networks', columns: ['name', 'prefix', 'bridge', 'vms', 'problem'] },
    },
  }),
  'network.get': method({
    summary: 'Show one private network',
    params: z.strictObject(oneNetwork),
    result: Network,
    errors: [...found],
    access: 'observe',
    command: { words: ['network', 'get'], args: ['network'] },
  }),
  'network.delete': method({
    summary: 'Delete a private network that no VM has an interface on',
    params: z.strictObject(oneNetwork),
    result: z.object({ name: NetworkName }),
    errors: [...found, 'NETWORK_IN_USE', 'NET_UNREACHABLE', 'NET_IN_USE', 'NET_FAILED', 'HOST_IO'],
    access: 'control',
    command: { words: ['network', 'delete'], args: ['network'] },
  }),
}
