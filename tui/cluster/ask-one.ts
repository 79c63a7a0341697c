/** One question to one host, and its answer. */
import { hostKey } from '../../policy/broker/topology.ts'
import { RpcError } from '../connection-error.ts'
import type { Asker } from './asker.ts'
import { ClusterError } from './cluster-error.ts'

export interface OneQuestion {
  readonly method: string
  readonly params: unknown
  /** How long the host has to take it. */
  readonly waitsMs: number
  /** How long it has to answer. */
  readonly answersMs: number
}

/**
 * @throws RpcError as the host has answered
 * @throws ClusterError where it is not connected, or does not answer in time
 */
export async function askOne(asker: Asker, host: string, { method, params, waitsMs, answersMs }: OneQuestion): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  const late = setTimeout(() => reject(new ClusterError('timeout', `host "${host}" does not answer ${method} within ${Math.ceil(answersMs / 1000)} s`)), answersMs)
  // Who has lost the connection meanwhile does not wait for it.
  late.unref()
  try {
    const { end } = await asker.ask(
      { method, params, to: { key: hostKey(host) }, waitsMs },
      {
        onResponse: (response) => {
          // anybody on the broker can answer; the name is a matter of good faith, as the broker's users are
          if (response.host !== host) return
          if ('error' in response) reject(new RpcError(response.error))
          else resolve(response.result)
        },
        onNobody: () => reject(new ClusterError('unreachable', `host "${host}" is not connected to the broker`, { hint: 'those that are: aetherscale host list' })),
      },
    )
    try {
      return await promise
    } finally {
      end()
    }
  } finally {
    clearTimeout(late)
    promise.catch(() => undefined)
  }
}
