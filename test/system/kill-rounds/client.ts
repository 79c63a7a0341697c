/** One request over a connection of its own: the daemon may be killed under any. */
import { connect } from '../../../tui/client.ts'

const DIRECTORY = '/run/aetherscale'
const WITHIN_MS = 120_000

/** Throws what the client throws: RpcError, ConnectionError. */
export async function call(method: string, params: object = {}): Promise<unknown> {
  const client = await connect({ directory: DIRECTORY, env: {}, access: 'control' })
  try {
    return await client.callAny(method, params, { timeoutMs: WITHIN_MS })
  } finally {
    client.close()
  }
}
