/** `aetherscale http`: serves the daemon over HTTP until it is ended. */
import { readHttpOptions } from '../../http/options.ts'
import type { Request } from '../request.ts'

/** The server comes with a framework that no other command should have to load. */
export async function runHttp({ io, globals, requests: [values = {}] }: Request): Promise<number> {
  const options = readHttpOptions(values, io.env)
  const { serveHttp } = await import('../../http/start.ts')
  return await serveHttp(io, globals, options)
}
