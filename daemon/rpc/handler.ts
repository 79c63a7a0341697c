/** What a handler of a method receives besides its params. */
import type { Socket } from 'node:net'
import type { Access } from '../../policy/api/method.ts'
import type { MethodName, Params, Result } from '../../policy/api/index.ts'
import type { VmId } from '../../policy/names.ts'
import type { JsonText } from './json-text.ts'
import type { Event } from '../../policy/api/events.ts'
import type { StatsWanted } from '../stats/sampler.ts'

/** The process at the other end as the kernel told it when it connected (unix(7), SO_PEERCRED). */
export interface Peer {
  readonly pid: number
  readonly uid: number
  readonly gid: number
}

export interface RequestContext {
  /** Absent where the kernel did not tell. */
  readonly peer: Peer | undefined
  readonly access: Access
  /** Aborted when the connection is gone: nobody waits for the answer any more. */
  readonly signal: AbortSignal
  /** Tells the connection that asked how far its request is; `fraction` is 0 to 1. Nothing is sent for a notification. */
  progress(message: string, fraction?: number, vm?: VmId): void
  /** Replaces the events that this connection gets; `undefined` for none. So many `recent` ones are sent at once. */
  subscribe(kinds: readonly Event['kind'][] | undefined, recent?: number): void
  /** Replaces the samples of what VMs use that this connection gets; `undefined` for none. The first is sent at once. */
  sample(wanted: StatsWanted | undefined): void
  /**
   * After the answer, hands the connection over as a raw byte stream; `early` are bytes that came behind the request.
   * The socket is paused, ends when its client ends its side, and is destroyed already where the client has gone. Not
   * called where the handler fails after all.
   */
  upgrade(take: (socket: Socket, early: Uint8Array) => void): void
}

export type Handler<M extends MethodName> = (
  params: Params<M>,
  context: RequestContext,
) => Result<M> | JsonText | Promise<Result<M> | JsonText>

/** One handler for each entry of the table. */
export type Handlers = { readonly [M in MethodName]: Handler<M> }
