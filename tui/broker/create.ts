/**
 * A request to make a VM, from its delivery to its acknowledgement. What makes the VM exactly one: the request has an identity
 * before anything is done; a host works at it only while the claim of that identity is its own; and asks its daemon with it, so
 * that a work that was begun is found. A delivery is acknowledged when what follows from it is with RabbitMQ.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { ErrorName } from '../../policy/errors.ts'
import type { LegacyOutcome } from '../../policy/legacy.ts'
import { RpcError } from '../client.ts'
import { ClusterError } from '../cluster/cluster-error.ts'
import { inOneLine } from '../in-one-line.ts'
import { createVm, type LegacyHost } from '../legacy/commands.ts'
import { answerError, answerRefusal, answerResult } from './answers.ts'
import { ByRequest } from './by-request.ts'
import type { Admission, Capacity } from './capacity.ts'
import type { Claims, Owner } from './claims.ts'
import type { Delivery } from './consumer.ts'
import { isAway, type DaemonLink } from './daemon-link.ts'
import { OWNER_MS, type Forward } from './forward.ts'
import { choosePath, explainNobody, explainSilence, noteLate, type Pass } from './pass-on.ts'
import type { Reply } from './reply.ts'
import { digestOf, readRequest, requestIdOf, type CreateRequest, type Read } from './request.ts'

/** Before a request is given back that this host can do nothing about: else it returns at once. */
const PAUSE_MS = 1000

/** Failures that another host need not have, and whether this one is to have them a moment later as well. */
const ELSEWHERE: Readonly<Partial<Record<ErrorName, 'lasting' | 'passing'>>> = {
  IMAGE_NOT_FOUND: 'lasting',
  NET_DENIED: 'lasting',
  NET_NOT_FOUND: 'lasting',
  PROGRAM_MISSING: 'lasting',
  ACCEL_UNAVAILABLE: 'lasting',
  NET_QUOTA: 'passing',
  NET_UNREACHABLE: 'passing',
  NO_SPACE: 'passing',
}

export interface CreateOptions {
  readonly host: string
  readonly knownHosts: () => readonly string[]
  /** Whether others than these are not there. */
  readonly isAcquainted: () => boolean
  readonly deadlineSeconds: number
  readonly legacy: LegacyHost
  readonly daemon: DaemonLink
  readonly capacity: Capacity
  readonly claims: Claims
  readonly forward: Forward
  readonly reply: Reply
  /** Before a VM is made on a VPN: other hosts may have it. Throws ClusterError where they do not let this one join. */
  readonly ensureVpn: (vpn: string) => Promise<void>
  /** Whether work that waits for the daemon goes on waiting. */
  readonly isLeaving: () => boolean
  /** Room may have been taken, or become free. */
  readonly onRoom: () => void
  readonly log: Logger
}

/** Requests whose answers are kept. */
const KEPT = 1000

export class CreateHandler {
  readonly #options: CreateOptions
  /**
   * Answers by request, the newest last. A daemon forgets a request with its VM: one that is delivered again after the VM was
   * deleted, because its acknowledgement was lost with the connection, must not make it anew.
   */
  readonly #made = new Map<string, { readonly asked: string; readonly result: unknown }>()
  readonly #turns = new ByRequest()

  constructor(options: CreateOptions) {
    this.#options = options
  }

  /** Of the queue that all hosts compete for. */
  readonly fromCompeting = async (delivery: Delivery): Promise<void> => {
    const read = this.read(delivery)
    if (read.kind === 'unreadable') return this.#bury(delivery, read)
    const { request } = read
    const { forward } = this.#options
    if (request.id === undefined) {
      await forward.stamp(delivery.message, request)
      return delivery.ack()
    }
    const isOver = Date.now() >= request.deadline
    // Without its daemon this host has no part in it: it throws, and another one gets it.
    const admission = isOver ? undefined : await this.#options.capacity.admit(request.params)
    // A claim goes before the deadline and before what this host would decide: the VM may be there.
    if (!admission || 'reason' in admission) {
      if (await this.#options.claims.isTaken(request.id)) return this.serveClaimed(delivery, request)
      return admission ? this.#passOn(delivery, request, admission) : this.answerNobody(delivery, { ...request, passedBy: noteLate(request.passedBy, this.#options.host) })
    }
    await this.#serveIfOurs(delivery, request, admission)
  }

  /** Of this host's own queue: requests that it has claimed and that came to another one. */
  readonly fromOwn = async (delivery: Delivery): Promise<void> => {
    const read = this.read(delivery)
    if (read.kind === 'unreadable' || read.request.id === undefined) return this.#bury(delivery, read)
    const { request } = read
    if (await this.#options.claims.isTaken(read.request.id)) return this.serveClaimed(delivery, request)
    // The claim was dropped meanwhile; or somebody put it here, past the limits of this host.
    await this.#options.forward.toNext(delivery.message, request, request.passedBy)
    delivery.ack()
  }

  read({ message }: Delivery): Read {
    const { deadlineSeconds, legacy } = this.#options
    return readRequest(message, { now: Date.now(), deadlineSeconds, legacy })
  }

  /** One that has a claim: whose it is comes out. What this host has claimed it makes, whether it would take it now or not. */
  serveClaimed(delivery: Delivery, request: CreateRequest): Promise<void> {
    const { memoryMiB, diskMiB = 0 } = request.params
    return this.#serveIfOurs(delivery, request, this.#options.capacity.reserve({ memoryMiB, diskMiB }))
  }

  async answerNobody(delivery: Delivery, request: CreateRequest): Promise<void> {
    const { reply, knownHosts, log } = this.#options
    const message = explainNobody(request.passedBy, knownHosts())
    log.info({ request: request.id, why: message }, 'a request that no host has taken is answered')
    await reply(request.address, answerError(request.form, 'BROKER_NO_HOST', message))
    delivery.ack()
  }

  async #serveIfOurs(delivery: Delivery, request: CreateRequest, admission: Admission): Promise<void> {
    const { onRoom } = this.#options
    try {
      await this.#turns.run(request.id!, () => this.#serveInTurn(delivery, request, admission))
    } finally {
      admission.release()
      onRoom()
    }
  }

  async #serveInTurn(delivery: Delivery, request: CreateRequest, admission: Admission): Promise<void> {
    const { claims, forward, log } = this.#options
    const owner = await claims.take(request.id!)
    if (owner.kind === 'ours') return await this.#serve(delivery, request, admission)
    log.info({ request: request.id, owner }, 'a request that another host has claimed')
    if (owner.kind === 'unknown') return await this.#giveBackLater(delivery, owner)
    await forward.toOwner(delivery.message, request, owner.host)
    delivery.ack()
  }

  async #serve(delivery: Delivery, request: CreateRequest, admission: Admission): Promise<void> {
    const { daemon, reply, claims, log } = this.#options
    const { form, address, id } = request
    const until = Math.max(request.deadline, Date.now() + OWNER_MS)
    try {
      const result = this.#recall(request) ?? (await daemon.persist(() => this.#make(delivery, request, admission), () => this.#isWanted(delivery, until)))
      this.#keep(request, result)
      // Whoever asked is answered by whom the message is delivered to again; twice would be once too often.
      if (!delivery.isLive()) return
      await reply(address, answerResult(form, result))
      log.info({ request: id, redelivered: delivery.message.redelivered }, 'a VM is made')
    } catch (error) {
      if (isAway(error)) return await this.#giveUp(delivery, request, until)
      if (!(error instanceof RpcError || error instanceof ClusterError)) throw error
      if (!delivery.isLive()) return
      log.warn({ request: id, error: error.name, why: error.message }, 'a VM could not be made')
      const kind = ELSEWHERE[error.name as ErrorName]
      if (kind !== undefined || error instanceof ClusterError) {
        await claims.drop(id!)
        return this.#passOn(delivery, request, { reason: inOneLine(error), lasting: kind === 'lasting' || (error instanceof ClusterError && error.exit === 'denied') })
      }
      await reply(address, answerRefusal(form, error))
    }
    delivery.ack()
  }

  /** Another request by the same id is not this one: what becomes of it is the daemon's to say. */
  #recall(request: CreateRequest): unknown {
    const made = this.#made.get(request.id!)
    return made?.asked === digestOfAsked(request) ? made.result : undefined
  }

  #keep(request: CreateRequest, result: unknown): void {
    this.#made.set(request.id!, { asked: digestOfAsked(request), result })
    const [oldest] = this.#made.keys()
    if (this.#made.size > KEPT) this.#made.delete(oldest!)
  }

  async #make(delivery: Delivery, { form, params, address, id }: CreateRequest, admission: Admission): Promise<unknown> {
    const { daemon, legacy, reply, ensureVpn } = this.#options
    for (const network of params.networks) if (network.kind === 'vpn') await ensureVpn(network.name)
    const requestId = requestIdOf(id!)
    if (form.kind === 'rpc') return daemon.call('vm.create', { ...params, requestId }, { onProgress: ({ vm }) => vm !== undefined && admission.noteVm(vm) })
    const onAllocated = (answer: LegacyOutcome): void => {
      admission.noteVm(answer['vm-id'])
      if (!delivery.isLive()) return
      void reply(address, answerResult(form, answer))
    }
    return createVm(daemon, form.options, legacy, { requestId, onAllocated })
  }

  async #passOn(delivery: Delivery, request: CreateRequest, pass: Pass): Promise<void> {
    const { forward, host, knownHosts, isAcquainted, log } = this.#options
    // That nobody has what it takes is for one to say who knows them all.
    const way = choosePath(request.passedBy, host, { reason: pass.reason, lasting: pass.lasting && isAcquainted() }, knownHosts())
    log.debug({ request: request.id, to: way.to, why: pass.reason }, 'a request is passed on')
    if (way.to === 'nobody') return this.answerNobody(delivery, { ...request, passedBy: way.passedBy })
    if (way.to === 'again') await forward.toNext(delivery.message, request, way.passedBy)
    else await forward.toLater(delivery.message, request, way.passedBy)
    delivery.ack()
  }

  /** The daemon is away. As long as it may come back the request is this host's; whoever asked is not to wait for ever. */
  async #giveUp(delivery: Delivery, { form, address, id }: CreateRequest, until: number): Promise<void> {
    const { host, reply, log } = this.#options
    if (Date.now() < until || !delivery.isLive()) return delivery.giveBack()
    log.warn({ request: id }, 'a request that this host has claimed is given up: the daemon does not come back')
    await reply(address, answerError(form, 'BROKER_NO_HOST', explainSilence(host)))
    delivery.ack()
  }

  async #giveBackLater(delivery: Delivery, { why }: Extract<Owner, { kind: 'unknown' }>): Promise<void> {
    this.#options.log.warn({ why }, 'RabbitMQ does not say which host has claimed a request')
    await delay(PAUSE_MS)
    delivery.giveBack()
  }

  /** What nobody can read is answered, and lies with the dead for an admin to look at. */
  async #bury(delivery: Delivery, read: Read): Promise<void> {
    const { reply, forward, log } = this.#options
    const { reason, address, form } = read.kind === 'unreadable' ? read : { reason: 'the request has no identity', ...read.request }
    log.warn({ why: reason }, 'a message that cannot be read is put aside')
    let isPutAside = true
    try {
      await forward.toDead(delivery.message, reason)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      isPutAside = false
    }
    await reply(address, answerError(form, 'INVALID_REQUEST', reason))
    if (isPutAside) delivery.ack()
    // RabbitMQ has its bytes still.
    else delivery.reject()
  }

  #isWanted(delivery: Delivery, until: number): boolean {
    return delivery.isLive() && !this.#options.isLeaving() && Date.now() < until
  }
}

/** In which language as well: the answer is in that. */
const digestOfAsked = ({ form, params }: CreateRequest): string => digestOf(JSON.stringify([form.kind, params]))
