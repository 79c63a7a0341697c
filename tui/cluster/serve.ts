/** Answers what hosts and clients ask over the broker: this relay's own methods, and those of its daemon that are permitted. */
import type { AsyncMessage } from 'rabbitmq-client'
import type { Logger } from 'pino'
import { NetworkRequest } from '../../policy/api/vm-network.ts'
import type { BrokerConfig } from '../../policy/broker/config.ts'
import { methods, type MethodName } from '../../policy/api/index.ts'
import { isQuick } from '../../policy/http/routes.ts'
import { errorTable, UserError, type ErrorName } from '../../policy/errors.ts'
import { ConnectionError, RpcError, type RpcErrorObject } from '../connection-error.ts'
import type { ReturnAddress } from '../broker/message.ts'
import type { Reply } from '../broker/reply.ts'
import { Turns } from '../turns.ts'
import { ClusterError } from './cluster-error.ts'
import { refuseRemote } from './permission.ts'
import { isExpired, readHostRequest, type Id, type RemoteRequest } from './request.ts'

/** Requests that are under way at a time: of the relay's own, and to the daemon of those that it answers at once and of others. */
const AT_ONCE = 16
/** Requests that wait for that; more are refused, for announcements come behind them. */
const WAITING = 32

/** Methods that make the VPNs of their `networks`. */
const MAKES_VMS: ReadonlySet<string> = new Set(['vm.create', 'vm.clone'])

type Response = { readonly jsonrpc: '2.0'; readonly id: Id } & ({ readonly result: unknown } | { readonly error: RpcErrorObject })

export interface ServingOptions {
  readonly remote: BrokerConfig['remote']
  readonly daemon: { callAny(method: string, params: unknown): Promise<unknown> }
  /** Before a VM is made on a VPN: other hosts may have it. Throws ClusterError where they do not let this one join. */
  readonly ensureVpn: (vpn: string) => Promise<void>
  /** The relay's own methods, for whoever asks. They check their params themselves, and throw UserErrors. */
  readonly own: Readonly<Record<string, (params: Readonly<Record<string, unknown>>) => Promise<unknown>>>
  /** Notifications that are taken; they throw nothing. */
  readonly heard: Readonly<Record<string, (params: Readonly<Record<string, unknown>>) => void>>
  readonly reply: Reply
  readonly log: Logger
}

export type Serving = (message: AsyncMessage) => Promise<void>

/** What it answers with takes what a message asks and answers it, or drops it with a line in the log. It throws nothing. */
export function createServing({ remote, daemon, ensureVpn, own, heard, reply, log }: ServingOptions): Serving {
  // Of their own: what changes something, or waits, can take minutes, and is not to keep others from looking.
  const [ownTurns, quickTurns, longTurns] = [new Turns(AT_ONCE, WAITING, busy), new Turns(AT_ONCE, WAITING, busy), new Turns(AT_ONCE, WAITING, busy)]
  const quick: ReadonlySet<string> = new Set((Object.keys(methods) as MethodName[]).filter(isQuick))
  const turnsOf = (method: string): Turns => (Object.hasOwn(own, method) ? ownTurns : quick.has(method) ? quickTurns : longTurns)

  const perform = async ({ method, params }: RemoteRequest): Promise<unknown> => {
    const ours = Object.hasOwn(own, method) ? own[method] : undefined
    if (ours) return await ours(params)
    const refusal = refuseRemote(method, remote)
    if (refusal) throw new UserError(refusal.name, refusal.message, { hint: refusal.hint })
    if (MAKES_VMS.has(method)) for (const vpn of vpnsOf(params)) await ensureVpn(vpn)
    return await daemon.callAny(method, params)
  }

  const carryOut = async (message: AsyncMessage, request: RemoteRequest, address: ReturnAddress): Promise<void> => {
    const { method, id } = request
    const came = performance.now()
    let end: (() => void) | undefined
    try {
      end = await turnsOf(method).take()
      if (isExpired(message, Date.now(), performance.now() - came)) return log.info({ method }, 'a request over the broker came too late, and is not done')
      const result = await perform(request)
      if (id !== undefined) await reply(address, { jsonrpc: '2.0', id, result } satisfies Response)
    } catch (error) {
      const object = toObject(error, log)
      log.debug({ method, err: object }, 'a request over the broker failed')
      if (id !== undefined) await reply(address, { jsonrpc: '2.0', id, error: object } satisfies Response)
    } finally {
      end?.()
    }
  }

  return async (message) => {
    const reading = readHostRequest(message)
    const { address } = reading
    if (reading.kind === 'malformed') {
      const { error, why, id } = reading
      log.warn({ why, isAnswered: address.queue !== undefined }, 'a message of the broker is no request')
      return await reply(address, { jsonrpc: '2.0', id, error: errorObject(error, why) } satisfies Response)
    }
    const { request } = reading
    const hears = Object.hasOwn(heard, request.method) ? heard[request.method] : undefined
    if (hears) return hears(request.params)
    await carryOut(message, request, address)
  }
}

/** What else is in the params is the daemon's to judge. */
function vpnsOf({ networks }: Readonly<Record<string, unknown>>): string[] {
  if (!Array.isArray(networks)) return []
  return networks.flatMap((network: unknown) => {
    const { data } = NetworkRequest.safeParse(network)
    return data?.kind === 'vpn' ? [data.name] : []
  })
}

function busy(): UserError {
  return new UserError('BROKER_BUSY', `${WAITING} requests over the broker wait at this host already`, { hint: 'Ask again later' })
}

function errorObject(name: ErrorName, message: string, hint?: string): RpcErrorObject {
  return { code: errorTable[name].code, message, data: { name, ...(hint !== undefined && { hint }) } }
}

function toObject(error: unknown, log: Logger): RpcErrorObject {
  if (error instanceof RpcError) return error.object
  if (error instanceof UserError) return { code: error.code, message: error.message, data: error.data }
  if (error instanceof ClusterError) return errorObject('BROKER_NO_HOST', error.message, error.hint)
  if (error instanceof ConnectionError) return errorObject('SHUTTING_DOWN', `The daemon of this host does not answer: ${error.message}`)
  log.error({ err: error }, 'a request over the broker met a defect')
  return errorObject('INTERNAL', 'A defect of the relay; its log has the details')
}
