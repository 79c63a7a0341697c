/** VPNs: private networks that reach over any number of hosts, by tinc. */
import * as z from 'zod'
import { HostAddress, Prefix64, Timestamp, VmId, VpnHostName, VpnName } from '../names.ts'
import { method } from './method.ts'

/** Of these, each VPN of a host has one. */
export const VPN_PORTS = { first: 50_000, last: 50_999 } as const

const PeerPort = z.int().min(1).max(65_535)
const OwnPort = z.int().min(VPN_PORTS.first).max(VPN_PORTS.last)

/** tinc 1.0 knows RSA alone, and reads keys as PKCS#1 (RFC 8017, A.1.1) in PEM. */
const PublicKey = z.string().max(4096).describe('RSA public key, PKCS#1 in PEM')

const Token = z.string().max(65_536)

export const VpnPeer = z
  .object({
    name: VpnHostName,
    addresses: z.array(HostAddress).describe('Where it is reached; empty where only it reaches us'),
    port: PeerPort,
    fingerprint: z.string().describe('SHA256: and the digest of its public key (SubjectPublicKeyInfo) in base64'),
    reachable: z.boolean().optional().describe('Whether tincd reaches it now; absent where no tincd tells'),
  })
  .meta({ id: 'VpnPeer' })
export type VpnPeer = z.infer<typeof VpnPeer>

export const Vpn = z
  .object({
    name: VpnName,
    prefix: Prefix64.describe('The same on all hosts of the VPN: guests make their IPv6 addresses from it'),
    createdAt: Timestamp,
    keptWhile: z.enum(['asked', 'used']).describe('asked: until vpn.delete; used: made for a VM, and removed with the last one on it'),
    host: z.object({ name: VpnHostName, addresses: z.array(HostAddress), port: OwnPort, fingerprint: z.string() }).describe('This host in the VPN'),
    peers: z.array(VpnHostName).describe('The other hosts that it knows'),
    vms: z.array(VmId).describe('VMs of this host with an interface on it'),
    bridge: z.string().optional().describe("Its bridge's name on this host; absent until the helper has told it"),
    tunnel: z.enum(['running', 'stopped']).describe('Whether tincd runs'),
    pid: z.int().optional().describe("tincd's process id"),
    problem: z.string().optional().describe('Why it may not carry anything now'),
  })
  .meta({ id: 'Vpn' })
export type Vpn = z.infer<typeof Vpn>

const helperErrors = ['NET_UNREACHABLE', 'NET_DENIED', 'NET_FAILED'] as const
const makeErrors = [...helperErrors, 'NET_QUOTA', 'VPN_NAME_TAKEN', 'VPN_RECORD_BROKEN', 'VPN_PORTS_EXHAUSTED', 'VPN_TUNNEL_FAILED', 'VPN_PREFIX_REFUSED', 'PORT_IN_USE', 'PROGRAM_MISSING', 'SERVICE_MANAGER_FAILED', 'NO_SPACE', 'HOST_IO'] as const
const found = ['VPN_NOT_FOUND', 'VPN_RECORD_BROKEN'] as const
const changeErrors = [...found, 'VPN_TUNNEL_FAILED', 'SERVICE_MANAGER_FAILED', 'NO_SPACE', 'HOST_IO'] as const
const tokenErrors = ['VPN_TOKEN_INVALID', 'VPN_TOKEN_REFUSED', 'VPN_PEER_CONFLICT'] as const
const oneVpn = { vpn: VpnName }

const thisHost = {
  hostName: VpnHostName.optional().describe("What this host is called in the VPN; the host's own name where not said"),
  addresses: z.array(HostAddress).max(8).optional().describe("Where other hosts reach this one; the host's own addresses, as they are when a token is made, where not said"),
  port: OwnPort.optional().describe('For TCP and UDP; a free one where not said'),
}

export const vpnMethods = {
  'vpn.create': method({
    summary: 'Make a VPN, on this host as its first',
    description: 'One that is there already, with the same prefix, is answered as it is, and stays from then on until it is deleted.',
    params: z.strictObject({
      name: VpnName,
      prefix: Prefix64.optional().describe('Inside what the allowlist grants; a free one of it where not said'),
      ...thisHost,
    }),
    result: Vpn,
    errors: [...makeErrors],
    access: 'control',
    command: { words: ['vpn', 'create'], args: ['name'] },
  }),
  'vpn.list': method({
    summary: 'List the VPNs',
    params: z.strictObject({}),
    result: z.object({ vpns: z.array(Vpn).describe('By name') }),
    errors: [],
    access: 'observe',
    command: { words: ['vpn', 'list'], table: { rows: 'vpns', columns: ['name', 'prefix', 'peers', 'vms', 'tunnel', 'problem'] } },
  }),
  'vpn.get': method({
    summary: 'Show one VPN',
    params: z.strictObject(oneVpn),
    result: Vpn,
    errors: [...found],
    access: 'observe',
    command: { words: ['vpn', 'get'], args: ['vpn'] },
  }),
  'vpn.delete': method({
    summary: 'Delete a VPN that no VM of this host has an interface on',
    description: 'Its other hosts keep theirs, and this host among their peers.',
    params: z.strictObject(oneVpn),
    result: z.object({ name: VpnName }),
    errors: [...found, 'VPN_IN_USE', 'NET_UNREACHABLE', 'NET_IN_USE', 'NET_FAILED', 'SERVICE_MANAGER_FAILED', 'HOST_IO'],
    access: 'control',
    command: { words: ['vpn', 'delete'], args: ['vpn'] },
  }),
  'vpn.invite': method({
    summary: 'Make a token by which another host joins the VPN',
    description:
      'It holds the secret of the VPN: whoever has it can join, and can make answers for others. The same token is good for ' +
      'any number of hosts until it expires; a host that has joined learns from a newer one of hosts that came later.',
    params: z.strictObject({
      ...oneVpn,
      validSeconds: z.int().min(60).max(2_592_000).default(86_400).meta({ unit: 's' }).describe('How long it, and the answers to it, may be used'),
    }),
    result: z.object({ token: Token, expiresAt: Timestamp }),
    errors: [...changeErrors],
    access: 'control',
    command: { words: ['vpn', 'invite'], args: ['vpn'] },
  }),
  'vpn.join': method({
    summary: 'Join the VPN of an invitation; its hosts learn of this one from the answer',
    description: 'The VPN is made here, with the same prefix. For one that this host is in already, the hosts of the token are added to its peers.',
    params: z.strictObject({ token: Token.describe('As vpn.invite made it').meta({ logged: 'size' }), ...thisHost }),
    result: z.object({
      vpn: Vpn,
      answer: Token.describe('For vpn.accept on the hosts of the VPN'),
      hosts: z.array(VpnHostName).describe('The hosts that the answer is for: without the first the tunnel does not come up, without the others it depends on the first'),
    }),
    errors: [...makeErrors, ...tokenErrors],
    access: 'control',
    command: { words: ['vpn', 'join'], args: ['token'] },
  }),
  'vpn.accept': method({
    summary: 'Take the answer of a host that has joined: it becomes a peer',
    params: z.strictObject({ answer: Token.describe('As vpn.join answered').meta({ logged: 'size' }) }),
    result: z.object({ vpn: VpnName, peer: VpnPeer }),
    errors: [...changeErrors, ...tokenErrors],
    access: 'control',
    command: { words: ['vpn', 'accept'], args: ['answer'] },
  }),
  'vpn.peer.add': method({
    summary: 'Add a host to the peers by hand, without a token',
    description: 'One that is there already, with the same key, gets these addresses and this port.',
    params: z.strictObject({
      ...oneVpn,
      name: VpnHostName,
      addresses: z.array(HostAddress).max(8).default([]),
      port: PeerPort,
      publicKey: PublicKey.meta({ textFile: true }),
    }),
    result: VpnPeer,
    errors: [...changeErrors, 'VPN_PEER_CONFLICT'],
    access: 'control',
    command: { words: ['vpn', 'peer', 'add'], args: ['vpn', 'name'] },
  }),
  'vpn.peer.remove': method({
    summary: 'Remove a host from the peers, and end the connection to it',
    description: 'It is out of the VPN when all its other hosts have removed it: through one that has not, its VMs reach those of this host.',
    params: z.strictObject({ ...oneVpn, peer: VpnHostName }),
    result: z.object({ name: VpnHostName }),
    errors: [...changeErrors, 'VPN_PEER_NOT_FOUND'],
    access: 'control',
    command: { words: ['vpn', 'peer', 'remove'], args: ['vpn', 'peer'] },
  }),
  'vpn.peer.list': method({
    summary: 'List the peers of a VPN, and whether tincd reaches them',
    params: z.strictObject(oneVpn),
    result: z.object({ peers: z.array(VpnPeer).describe('By name') }),
    errors: [...found],
    access: 'observe',
    command: { words: ['vpn', 'peer', 'list'], args: ['vpn'], table: { rows: 'peers', columns: ['name', 'addresses', 'port', 'fingerprint', 'reachable'] } },
  }),
}
