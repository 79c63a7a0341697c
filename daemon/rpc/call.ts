/** One method of the table as the dispatcher calls it: access, params, handler, answer, log line. */
import type { JSONRPCMethod, JSONRPCRequest } from 'json-rpc-2.0'
import { UserError } from '../../policy/errors.ts'
import type { Event } from '../../policy/api/events.ts'
import { methods, type MethodName } from '../../policy/api/index.ts'
import type { Access, Method } from '../../policy/api/method.ts'
import type { Logger } from '../log.ts'
import type { StatsWanted } from '../stats/sampler.ts'
import { logMutation } from './audit.ts'
import { explainFailure, type RpcError } from './failure.ts'
import type { Peer, RequestContext } from './handler.ts'
import { JsonText } from './json-text.ts'
import { checkParams } from './params.ts'

/** What takes a connection over after the answer. */
export type Take = Parameters<RequestContext['upgrade']>[0]

/** The connection that a request came by, as far as the dispatch needs it. */
export interface Caller {
  readonly access: Access
  readonly peer: Peer | undefined
  readonly signal: AbortSignal
  notify(method: 'progress', params: unknown): void
  subscribe(kinds: readonly Event['kind'][] | undefined, recent?: number): void
  sample(wanted: StatsWanted | undefined): void
  /** Take no further line until the one being dispatched is answered: what follows it may not be JSON-RPC. */
  hold(): void
  /** Hand the connection over once the answer to the line that called for `hold` is written. */
  upgrade(take: Take): void
}

export interface CallOptions {
  readonly log: Logger
  readonly isStopping: () => boolean
  /** Also check what handlers answer against the table: for tests, where a mismatch has to show. */
  readonly validateResults: boolean
}

/** A handler whose params and result have lost their types, for the table is walked by name. */
export type AnyHandler = (params: unknown, context: RequestContext) => unknown

/** Invokes the handler before it returns, so that handlers see requests in the order of their arrival. */
export function createCall(name: MethodName, handler: AnyHandler, options: CallOptions): JSONRPCMethod<Caller> {
  const entry: Method = methods[name]
  const { log, isStopping, validateResults } = options
  const mutates = entry.access === 'control'

  const begin = (request: JSONRPCRequest, caller: Caller, upgrade: (take: Take) => void): unknown => {
    if (isStopping()) throw new UserError('SHUTTING_DOWN', 'The daemon is stopping and takes no more work')
    if (mutates && caller.access !== 'control') throw denied(name)
    const params = checkParams(name, request.params)
    if (entry.upgrade) caller.hold()
    return handler(params, createContext(request, caller, upgrade))
  }

  return async (request, caller) => {
    // A connection is taken over behind an answer, and a notification has none.
    if (entry.upgrade && request.id === undefined) return null
    const startedAt = mutates ? performance.now() : 0
    let failure: RpcError | undefined
    let take: Take | undefined
    let result: unknown
    try {
      result = begin(request, caller, (taker) => (take = taker))
      // What is answered from memory, as most questions are, is not made to wait a turn.
      if (result instanceof Promise) result = await result
      if (validateResults) entry.result.parse(result instanceof JsonText ? JSON.parse(result.text) : result)
    } catch (thrown) {
      failure = explainFailure(thrown, name, log)
    }
    if (mutates) {
      const outcome = failure ? failure.data.name : 'ok'
      const durationMs = performance.now() - startedAt
      logMutation(log, { method: name, params: request.params, peer: caller.peer, outcome, durationMs })
    }
    if (request.id === undefined) return null
    if (failure) return { jsonrpc: '2.0', id: request.id, error: failure }
    if (take && entry.upgrade) caller.upgrade(take)
    return { jsonrpc: '2.0', id: request.id, result: result ?? null }
  }
}

function createContext(request: JSONRPCRequest, caller: Caller, upgrade: (take: Take) => void): RequestContext {
  return {
    peer: caller.peer,
    access: caller.access,
    signal: caller.signal,
    progress(message, fraction, vm) {
      if (typeof request.id !== 'string' && typeof request.id !== 'number') return
      caller.notify('progress', { request: request.id, message, ...(vm !== undefined && { vm }), ...(fraction !== undefined && { fraction }) })
    },
    subscribe: (kinds, recent) => caller.subscribe(kinds, recent),
    sample: (wanted) => caller.sample(wanted),
    upgrade,
  }
}

function denied(name: MethodName): UserError {
  return new UserError('ACCESS_DENIED', `${name} changes things; this socket only observes`, {
    hint: 'Ask it on control.sock, if you may open that',
  })
}
