/** Which hosts are in a VPN: invitations, answers, peers. All in the VPN's queue. */
import { hostname } from 'node:os'
import type { Result } from '../../policy/api/index.ts'
import type { VpnPeer } from '../../policy/api/vpn.ts'
import { UserError } from '../../policy/errors.ts'
import type { VpnHostName, VpnName } from '../../policy/names.ts'
import type { EventBus } from '../events.ts'
import type { Logger } from '../log.ts'
import type { Queues } from '../vm/queue.ts'
import { deriveHostName } from './addresses.ts'
import type { BringUp } from './bring-up.ts'
import { readPublicKey } from './keys.ts'
import { requireSame, withAddresses, type ThisHost, type Vpns } from './lifecycle.ts'
import { mergePeers } from './peers.ts'
import type { PeerRecord, VpnRecord } from './record.ts'
import type { VpnTable } from './table.ts'
import { makeAnswer, makeInvitation, readAnswer, readInvitation, type Invitation } from './token.ts'
import type { Tunnels } from './tunnel.ts'
import { viewPeer, viewSelf } from './view.ts'

export interface Membership {
  invite(params: { readonly vpn: VpnName; readonly validSeconds: number }): Promise<Result<'vpn.invite'>>
  join(params: ThisHost & { readonly token: string }): Promise<Result<'vpn.join'>>
  accept(answer: string): Promise<Result<'vpn.accept'>>
  add(vpn: VpnName, peer: PeerRecord): Promise<VpnPeer>
  remove(vpn: VpnName, peer: VpnHostName): Promise<void>
  list(vpn: VpnName): Promise<VpnPeer[]>
}

interface Dependencies {
  readonly table: VpnTable
  readonly vpns: Vpns
  readonly bringUp: BringUp
  readonly tunnels: Tunnels
  readonly networkQueues: Queues<string>
  readonly events: EventBus
  readonly log: Logger
}

export function createMembership({ table, vpns, bringUp, tunnels, networkQueues, events, log }: Dependencies): Membership {
  /**
   * What cannot be put into force is not kept either. The record comes after tinc's configuration: a daemon that is killed in
   * between, or that has no room for the record, has the next one write the configuration as it was, and tincd told of that.
   */
  const change = async (record: VpnRecord, peers: readonly PeerRecord[]): Promise<VpnRecord> => {
    const changed: VpnRecord = { ...record, keptWhile: 'asked', peers: [...peers] }
    try {
      await bringUp.peers(changed)
      await table.save(changed)
    } catch (error) {
      await bringUp.peers(record).catch((failure: unknown) => {
        log.warn({ vpn: record.name, err: failure }, 'a VPN whose peers could not be changed does not come up as it was either')
      })
      throw error
    }
    events.emit({ kind: 'vpn.peers', vpn: record.name, peers: changed.peers.map(({ name }) => name) })
    return changed
  }

  /** The one that is there takes the hosts of an invitation for its peers; one that is not is made. */
  const follow = async (invitation: Invitation, host: ThisHost): Promise<VpnRecord> => {
    const { vpn: name, prefix, secret } = invitation
    const others = [invitation.host, ...invitation.peers]
    const record = vpns.known(name, 'token')
    if (!record) {
      const hostName = host.hostName ?? deriveHostName(hostname())
      if (others.some((other) => other.name === hostName)) throw nameTaken(name, hostName)
      return await vpns.make({ ...host, name, prefix, secret, hostName, peers: others, keptWhile: 'asked' })
    }
    if (record.prefix !== prefix) {
      throw new UserError('VPN_NAME_TAKEN', `VPN "${name}" is there already, with prefix ${record.prefix}; that of the token has ${prefix}`, {
        field: 'token',
        hint: 'They are two VPNs: one of them has to be made again under another name',
      })
    }
    if (secret !== (await table.secrets(name)).secret) {
      throw new UserError('VPN_TOKEN_REFUSED', `VPN "${name}" is there already, and is another one than the token's`, { field: 'token' })
    }
    if (invitation.host.publicKey === record.host.publicKey) {
      throw new UserError('VPN_TOKEN_REFUSED', 'This host has made the token itself', { field: 'token', hint: 'It is for the other host' })
    }
    requireSame(record, host, 'token')
    return await change(withAddresses(record, host.addresses), mergePeers(record, others, 'token'))
  }

  return {
    invite: ({ vpn, validSeconds }) =>
      networkQueues.run(vpn, async () => {
        const record = table.find(vpn, 'vpn')
        const { privateKey, secret } = await table.secrets(vpn)
        const expiresAt = new Date(Date.now() + validSeconds * 1000).toISOString()
        // Other hosts are to be on it: it no longer goes with the VMs of this one.
        if (record.keptWhile === 'used') await table.save({ ...record, keptWhile: 'asked' })
        return { token: makeInvitation({ vpn, prefix: record.prefix, secret, host: viewSelf(record), peers: record.peers, expiresAt }, privateKey), expiresAt }
      }),
    async join({ token, ...host }) {
      const invitation = readInvitation(token, new Date())
      return await networkQueues.run(invitation.vpn, async () => {
        const record = await follow(invitation, host)
        const { privateKey, secret } = await table.secrets(record.name)
        const { vpn, prefix, expiresAt } = invitation
        return {
          vpn: await vpns.view(record),
          answer: makeAnswer({ vpn, prefix, host: viewSelf(record), expiresAt }, { privateKey, secret }),
          hosts: [invitation.host, ...invitation.peers].map(({ name }) => name).filter((name) => name !== record.host.name),
        }
      })
    },
    async accept(text) {
      const answer = readAnswer(text)
      return await networkQueues.run(answer.vpn, async () => {
        const record = table.find(answer.vpn, 'answer')
        answer.authenticate((await table.secrets(answer.vpn)).secret, new Date())
        if (answer.host.publicKey === record.host.publicKey) {
          throw new UserError('VPN_TOKEN_REFUSED', 'This host has made the answer itself', { field: 'answer', hint: 'It is for the other hosts of the VPN' })
        }
        if (answer.prefix !== record.prefix) {
          throw new UserError('VPN_TOKEN_REFUSED', `The answer is to a VPN "${answer.vpn}" with prefix ${answer.prefix}; that of this host has ${record.prefix}`, { field: 'answer' })
        }
        await change(record, mergePeers(record, [answer.host], 'answer'))
        return { vpn: answer.vpn, peer: viewPeer(answer.host) }
      })
    },
    add: (vpn, { publicKey, ...peer }) =>
      networkQueues.run(vpn, async () => {
        const record = table.find(vpn, 'vpn')
        const added: PeerRecord = { ...peer, publicKey: readPublicKey(publicKey, 'publicKey') }
        if (added.publicKey === record.host.publicKey) throw new UserError('VPN_PEER_CONFLICT', 'The key is that of this host itself', { field: 'publicKey' })
        await change(record, mergePeers(record, [added], 'name'))
        return viewPeer(added)
      }),
    remove: (vpn, name) =>
      networkQueues.run(vpn, async () => {
        const record = table.find(vpn, 'vpn')
        if (!record.peers.some((peer) => peer.name === name)) {
          throw new UserError('VPN_PEER_NOT_FOUND', `VPN "${vpn}" has no host "${name}"`, { field: 'peer', hint: `To see those that it has: aetherscale vpn peer list ${vpn}` })
        }
        await change(record, record.peers.filter((peer) => peer.name !== name))
      }),
    async list(vpn) {
      const record = table.find(vpn, 'vpn')
      const reached = await tunnels.reached(record)
      return record.peers.map((peer) => viewPeer(peer, reached)).sort((a, b) => (a.name < b.name ? -1 : 1))
    },
  }
}

function nameTaken(vpn: VpnName, hostName: VpnHostName): UserError {
  return new UserError('VPN_PEER_CONFLICT', `VPN "${vpn}" has a host "${hostName}" already, and this one would be called so as well`, {
    field: 'hostName',
    hint: 'Give this host another name in the VPN: --host-name NAME',
  })
}
