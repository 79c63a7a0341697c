/** Plays the privileged helper: one request a connection, answered as the test says, and closed. */
import type { Socket } from 'node:net'
import { privilegedCodes, type PrivilegedErrorName } from '../../policy/privileged/errors.ts'
import type { Operation } from '../../policy/privileged/operations.ts'
import { LineSplitter } from '../../policy/wire.ts'
import { listenOnSocket } from './socket-server.ts'

export interface HelperRequest {
  readonly operation: Operation
  readonly params: Readonly<Record<string, unknown>>
}

export interface FakeHelper {
  /** All that was asked, in order. */
  readonly requests: HelperRequest[]
  /** The most requests that were unanswered at a time. */
  readonly mostAtOnce: () => number
}

/** What the helper refuses with. */
export class HelperRefusal {
  readonly error: object

  constructor(name: PrivilegedErrorName, message: string, hint?: string) {
    this.error = { code: privilegedCodes[name], message, data: { name, hint } }
  }
}

/** The result or a refusal; bytes are sent as they are. Has the socket for tests that close it. */
export type HelperAnswer = (request: HelperRequest, client: Socket) => unknown

/** As a helper that grants everything would answer. */
export function grantAll({ operation, params }: HelperRequest): object {
  switch (operation) {
    case 'policy.get':
      return { uid: 0, bridges: [], services: [], quota: { taps: 32, bridges: 8 }, used: { taps: 0, bridges: 0 } }
    case 'link.list':
      return { links: [] }
    case 'tunnel.ensure':
    case 'tunnel.delete':
      return { name: `aet-tunnel-${(params as { network: string }).network}`, changed: true }
    default: {
      const { network = '', vm = '', nic = '' } = params as Record<string, string>
      return { name: vm === '' ? `aeb-${network}` : `aet-${vm}-${nic}`, changed: true }
    }
  }
}

/** Listens at `path`; an answer of `undefined` is none at all. */
export async function startFakeHelper(
  t: { teardown(clean: () => Promise<void>): unknown },
  path: string,
  answer: HelperAnswer = grantAll,
): Promise<FakeHelper> {
  const requests: HelperRequest[] = []
  let open = 0
  let most = 0
  await listenOnSocket(t, path, (client) => {
    const splitter = new LineSplitter()
    client.on('data', (chunk: Buffer) => {
      for (const frame of splitter.push(chunk)) {
        if (frame.kind === 'line') void respond(client, frame.text)
      }
    })
  })
  const respond = async (client: Socket, text: string): Promise<void> => {
    const { id, method, params } = JSON.parse(text) as { id: unknown; method: Operation; params: HelperRequest['params'] }
    const request = { operation: method, params }
    requests.push(request)
    open += 1
    most = Math.max(most, open)
    const result = await answer(request, client)
    open -= 1
    if (result instanceof Uint8Array) client.write(result)
    else if (result instanceof HelperRefusal) client.end(`${JSON.stringify({ jsonrpc: '2.0', id, error: result.error })}\n`)
    else if (result !== undefined) client.end(`${JSON.stringify({ jsonrpc: '2.0', id, result })}\n`)
  }
  return { requests, mostAtOnce: () => most }
}
