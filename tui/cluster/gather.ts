/** All hosts' answers to one question: until all hosts that are known have answered, or the time is over. */
import { setTimeout as delay } from 'node:timers/promises'
import { HostList } from '../../policy/broker/host-methods.ts'
import { EVERY_HOST } from '../../policy/broker/topology.ts'
import type { Asker, HostResponse } from './asker.ts'
import { ClusterError } from './cluster-error.ts'

export interface Gathered {
  /** By the hosts' names. */
  readonly responses: readonly HostResponse[]
  /** Hosts that are known and have not answered, by name. */
  readonly missing: readonly string[]
}

/** Which hosts ought to answer is learnt while they do: each answers to host.list as well, and knows others. Pure. */
export class Gathering {
  readonly #responses = new Map<string, HostResponse>()
  readonly #listed = new Set<string>()
  readonly #known = new Set<string>()

  /** `expected`: hosts that are known already. */
  constructor(expected: readonly string[]) {
    for (const host of expected) this.#known.add(host)
  }

  /** The answer to the question itself; a host's first counts. */
  takeResponse(response: HostResponse): void {
    if (this.#responses.has(response.host)) return
    this.#responses.set(response.host, response)
    this.#known.add(response.host)
  }

  /** The answer to host.list: the hosts that it is connected with, or has pinned, are to answer as well. */
  takeList(response: HostResponse): void {
    this.#listed.add(response.host)
    this.#known.add(response.host)
    const list = 'result' in response ? HostList.safeParse(response.result).data : undefined
    for (const { host, connected, trust } of list?.hosts ?? []) if (connected || trust === 'pinned' || trust === 'conflict') this.#known.add(host)
  }

  get isComplete(): boolean {
    return this.#responses.size > 0 && [...this.#known].every((host) => this.#responses.has(host) && this.#listed.has(host))
  }

  get gathered(): Gathered {
    const responses = [...this.#responses.values()].sort((a, b) => (a.host < b.host ? -1 : 1))
    return { responses, missing: [...this.#known].filter((host) => !this.#responses.has(host)).sort() }
  }
}

/**
 * Asks all hosts.
 *
 * @param expected hosts that are to answer whether others know them or not
 * @throws ClusterError where no host is connected at all, or none answers: which there are is not known then
 */
export async function gather(asker: Asker, question: { readonly method: string; readonly params: unknown }, withinMs: number, expected: readonly string[] = []): Promise<Gathered> {
  const gathering = new Gathering(expected)
  const { promise: settled, resolve, reject } = Promise.withResolvers<void>()
  // It can be known that nobody is there before anybody waits for that.
  settled.catch(() => undefined)
  const look = (take: (response: HostResponse) => void) => (response: HostResponse) => {
    take(response)
    if (gathering.isComplete) resolve()
  }
  const onNobody = (): void => reject(new ClusterError('unreachable', 'no host is connected to the broker', { hint: 'on each: aetherscale broker' }))
  const to = { key: EVERY_HOST }
  const ended = new AbortController()
  const asked = await Promise.all([
    asker.ask({ method: 'host.list', params: {}, to, waitsMs: withinMs }, { onResponse: look((response) => gathering.takeList(response)), onNobody }),
    asker.ask({ ...question, to, waitsMs: withinMs }, { onResponse: look((response) => gathering.takeResponse(response)), onNobody }),
  ])
  try {
    // Who has lost the connection meanwhile does not wait for it.
    await Promise.race([settled, delay(withinMs, undefined, { signal: ended.signal, ref: false })])
  } finally {
    ended.abort()
    for (const { end } of asked) end()
  }
  const { gathered } = gathering
  if (gathered.responses.length > 0) return gathered
  const names = gathered.missing.length > 0 ? `: no answer from ${gathered.missing.join(', ')}` : ''
  throw new ClusterError('timeout', `no host has answered within ${withinMs / 1000} s${names}`, { hint: 'relays are connected to RabbitMQ, and do not answer: see their logs, and whether RabbitMQ takes messages' })
}
