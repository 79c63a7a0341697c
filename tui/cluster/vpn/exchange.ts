/**
 * VPNs of hosts that have pinned each other come together by themselves: a host that is to make a VM on a VPN that it does not
 * have joins the one of the others, and hosts with the same VPN that do not know each other get acquainted.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Result } from '../../../policy/api/index.ts'
import type { Announcement } from '../../../policy/broker/cluster.ts'
import type { VpnHostName, VpnName } from '../../../policy/names.ts'
import type { Client } from '../../client.ts'
import type { Claims } from '../../broker/claims.ts'
import { ClusterError } from '../cluster-error.ts'
import { inOneLine } from '../../in-one-line.ts'
import type { Content, Conversation } from './conversation.ts'

/** A claim to make a VPN that is on no host yet: in this time it is there, and others have been told; or it could not be made, and another host may. */
const CLAIM_MS = 30_000
/** An invitation, and the answer to it, are used at once. */
const VALID_S = 300
/** Between two attempts to get acquainted with one host over one VPN. */
const ATTEMPT_EVERY_MS = 60_000
/** Of two hosts that do not know each other the one with the greater name begins; the other where that has not. */
const LEAVE_TO_OTHER_MS = 15_000
const LOOK_EVERY_MS = 300

export interface ExchangeOptions {
  readonly self: string
  readonly daemon: Pick<Client, 'call'>
  readonly conversation: Conversation
  /** The last announcements of the hosts that are connected and pinned. */
  readonly trusted: () => readonly Announcement[]
  /** Those of the hosts that are connected and not pinned. */
  readonly strangers: () => readonly Announcement[]
  /** Those of the hosts that are pinned and not connected. */
  readonly absent: () => readonly Announcement[]
  /** Whether one that is not among these is not there. */
  readonly isAcquainted: () => boolean
  /** Settle which host makes a VPN that is nowhere yet, as they do with requests. */
  readonly claims: Pick<Claims, 'take'>
  /** Has the others told of what this host has now. */
  readonly hasten: () => void
  readonly log: Logger
}

type OwnVpn = Result<'vpn.list'>['vpns'][number]

export class VpnExchange {
  readonly #options: ExchangeOptions
  /** What a host is called in a VPN, as far as it has told: by `VPN HOST`. */
  readonly #called = new Map<string, string>()
  /** When an attempt is due, by performance.now(); likewise. */
  readonly #due = new Map<string, number>()
  /** One join at a time: each of them can teach about the next. */
  #turn: Promise<unknown> = Promise.resolve()
  #isMeeting = false

  constructor(options: ExchangeOptions) {
    this.#options = options
  }

  /** The methods by which other hosts ask this one. */
  methods(): Record<string, (params: unknown) => Promise<unknown>> {
    const { conversation } = this.#options
    return {
      'host.vpn-invitation': conversation.method('vpn-invitation', (_, content) => this.#invite(content)),
      'host.vpn-joined': conversation.method('vpn-joined', (sender, content) => this.#accept(sender, content)),
    }
  }

  /**
   * Sees to it that a VM can be made on the VPN: where a pinned host has it, this one joins it. Where none has it there is nothing
   * to do, for who makes the VM makes the VPN; of several hosts that are about to, the others wait for the first and join.
   *
   * @throws ClusterError where another host has it and this one cannot join: a VPN of its own would be another one, and who
   * asked for the VM would not hear of that
   */
  async ensure(vpn: string): Promise<void> {
    const { trusted, strangers, absent, isAcquainted, claims, log } = this.#options
    for (const end = performance.now() + 2 * CLAIM_MS; performance.now() < end; await delay(LOOK_EVERY_MS)) {
      if (await this.#find(vpn)) return
      const has = ({ vpns }: Announcement): boolean => vpns.some(({ name }) => name === vpn)
      const hosts = trusted().filter(has)
      if (hosts.length > 0) return await this.#joinAny(vpn, hosts)
      const stranger = strangers().find(has)
      if (stranger) throw this.#stranger(vpn, stranger.host)
      // Made now, it would be another VPN than the one of a host that was not heard yet.
      if (!isAcquainted()) continue
      const gone = absent().find(has)
      if (gone) throw new ClusterError('unreachable', `VPN "${vpn}" is on host "${gone.host}", which is not heard of`, { hint: `if it does not come back: aetherscale host untrust ${gone.host}` })
      const owner = await claims.take(`vpn:${vpn}`, CLAIM_MS)
      if (owner.kind === 'ours') return void this.#tellWhenMade(vpn)
      if (owner.kind === 'unknown') return log.warn({ vpn, owner }, 'RabbitMQ does not say which host makes a VPN of this name as well: they may be two VPNs')
      if (strangers().some(({ host }) => host === owner.host)) throw this.#stranger(vpn, owner.host)
    }
    throw new ClusterError('timeout', `whether another host has VPN "${vpn}", or makes it, could not be known in time`)
  }

  /** Looks whether pinned hosts have VPNs of this one without being among their peers, and gets acquainted. Throws nothing. */
  async meet(): Promise<void> {
    if (this.#isMeeting) return
    this.#isMeeting = true
    try {
      const hosts = this.#options.trusted().filter(({ vpns }) => vpns.length > 0)
      const own = hosts.length > 0 ? (await this.#options.daemon.call('vpn.list', {})).vpns : []
      for (const vpn of own) for (const { host, vpns } of hosts) if (vpns.some(({ name, prefix }) => name === vpn.name && prefix === vpn.prefix)) await this.#meetOver(vpn, host)
    } catch (error) {
      this.#options.log.debug({ why: (error as Error).message }, 'whether hosts are to get acquainted over a VPN could not be seen')
    } finally {
      this.#isMeeting = false
    }
  }

  #stranger(vpn: string, host: string): ClusterError {
    const { self } = this.#options
    return new ClusterError('denied', `VPN "${vpn}" is on host "${host}", which is not pinned on "${self}"`, {
      hint: `on ${self}: aetherscale host trust ${host} KEY, and likewise on ${host}; if it is to be another VPN: aetherscale vpn create ${vpn}`,
    })
  }

  async #meetOver(vpn: OwnVpn, host: string): Promise<void> {
    const key = keyOf(vpn.name, host)
    const called = this.#called.get(key)
    if (called !== undefined && vpn.peers.includes(called as VpnHostName)) return void this.#due.delete(key)
    const now = performance.now()
    const due = this.#due.get(key) ?? now + (this.#options.self > host ? 0 : LEAVE_TO_OTHER_MS)
    this.#due.set(key, due)
    if (due > now) return
    this.#due.set(key, now + ATTEMPT_EVERY_MS)
    await this.#join(vpn.name, host).catch((error: unknown) => {
      this.#options.log.warn({ vpn: vpn.name, host, why: (error as Error).message }, 'a pinned host with the same VPN is not among its peers, and does not get there')
    })
  }

  async #joinAny(vpn: string, hosts: readonly Announcement[]): Promise<void> {
    const complaints: string[] = []
    for (const { host } of hosts) {
      try {
        return await this.#join(vpn, host)
      } catch (error) {
        complaints.push(`${host}: ${inOneLine(error)}`)
      }
    }
    throw new ClusterError('failed', `VPN "${vpn}" is on other hosts, and this one cannot join it: ${complaints.join('; ')}`)
  }

  /** By an invitation of `host`; all pinned hosts that have the VPN learn of this one. */
  #join(vpn: string, host: string): Promise<void> {
    const joining = this.#turn.then(() => this.#joinNow(vpn as VpnName, host))
    this.#turn = joining.catch(() => undefined)
    return joining
  }

  async #joinNow(vpn: VpnName, host: string): Promise<void> {
    const { self, daemon, conversation, trusted, hasten, log } = this.#options
    const invitation = await conversation.ask(host, 'vpn-invitation', { vpn })
    if ('refused' in invitation) throw new ClusterError('denied', `it does not invite: ${invitation.refused}`)
    const isHere = (await this.#find(vpn)) !== undefined
    // the name among hosts is nobody else's, and what hostname(1) says may be
    const { answer } = await daemon.call('vpn.join', { token: invitation.token, ...(!isHere && { hostName: nameInVpn(self) }) })
    this.#called.set(keyOf(vpn, host), invitation.hostName)
    const others = trusted().filter((other) => other.host !== host && other.vpns.some(({ name }) => name === vpn))
    await this.#bring(host, vpn, answer)
    await Promise.all(
      others.map((other) =>
        this.#bring(other.host, vpn, answer).catch((error: unknown) => {
          log.warn({ vpn, host: other.host, why: (error as Error).message }, 'a host of a VPN has not learnt of this one yet')
        }),
      ),
    )
    hasten()
    log.info({ vpn, host }, isHere ? 'got acquainted with a host over a VPN' : 'joined the VPN of a host')
  }

  /** @throws ClusterError where it is not taken */
  async #bring(host: string, vpn: VpnName, answer: string): Promise<void> {
    const taken = await this.#options.conversation.ask(host, 'vpn-joined', { vpn, answer })
    if ('refused' in taken) throw new ClusterError('denied', `it does not take this host for a peer: ${taken.refused}`)
    this.#called.set(keyOf(vpn, host), taken.hostName)
  }

  async #invite({ vpn }: Content<'vpn-invitation'>): Promise<Content<'vpn-invitation-answer'>> {
    const { daemon } = this.#options
    return await orRefusal(async () => {
      const { token } = await daemon.call('vpn.invite', { vpn, validSeconds: VALID_S })
      return { token, hostName: (await daemon.call('vpn.get', { vpn })).host.name }
    })
  }

  async #accept(sender: string, { vpn, answer }: Content<'vpn-joined'>): Promise<Content<'vpn-joined-answer'>> {
    const { daemon, log } = this.#options
    return await orRefusal(async () => {
      const { vpn: about, peer } = await daemon.call('vpn.accept', { answer })
      this.#called.set(keyOf(about, sender), peer.name)
      log.info({ vpn: about, host: sender, peer: peer.name }, 'a host has joined a VPN')
      return { hostName: (await daemon.call('vpn.get', { vpn })).host.name }
    })
  }

  /** Others wait for this host to have it. */
  async #tellWhenMade(vpn: string): Promise<void> {
    const { hasten, log } = this.#options
    try {
      for (const end = performance.now() + CLAIM_MS; performance.now() < end; await delay(LOOK_EVERY_MS, undefined, { ref: false })) {
        if (await this.#find(vpn)) return hasten()
      }
    } catch (error) {
      log.debug({ vpn, why: (error as Error).message }, 'whether a VPN has been made could not be seen')
    }
  }

  async #find(vpn: string): Promise<OwnVpn | undefined> {
    return (await this.#options.daemon.call('vpn.list', {})).vpns.find(({ name }) => name === vpn)
  }
}

const keyOf = (vpn: string, host: string): string => `${vpn} ${host}`

/** What a host is called in VPNs, where nobody has said otherwise: tinc's names have no "-". */
const nameInVpn = (host: string): string => host.replace(/[^a-z0-9]/g, '').slice(0, 32)

/** What the daemon does not do is an answer as well: it goes back sealed. */
async function orRefusal<T>(work: () => Promise<T>): Promise<T | { refused: string }> {
  try {
    return await work()
  } catch (error) {
    return { refused: (error as Error).message }
  }
}
