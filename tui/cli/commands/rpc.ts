/** `aetherscale rpc METHOD [JSON|-]`: any method, with nothing between the caller and the wire. */
import { printJson } from '../io.ts'
import { createProgressLine } from '../progress.ts'
import type { Request } from '../request.ts'
import { UsageError } from '../usage-error.ts'
import { leaveOnInterrupt, withClient } from './session.ts'

export async function runRpc({ io, globals, table, requests }: Request): Promise<number> {
  const { method = '', params } = requests[0] as { method?: string; params?: string }
  if (method === 'vm.console') throw new UsageError('vm.console turns into raw bytes', 'use: aetherscale vm console VM')
  const parsed = parseParams(params === '-' ? await readAll(io.stdin) : (params ?? '{}'))
  const progress = createProgressLine(io.stderr, !globals.quiet)
  const access = table.methods[method] ?? 'observe'
  const goesOn = access === 'control' ? { goesOn: method } : {}
  const result = await leaveOnInterrupt(io, globals, { beforeExit: progress.clear, ...goesOn }, () =>
    withClient(io, globals, access, (client) =>
      client.callAny(method, parsed, { onProgress: (news) => progress.show(news) }).finally(progress.clear),
    ),
  )
  printJson(io, result)
  return 0
}

/** Only that it is JSON is looked at: what the method makes of it, the daemon says. */
function parseParams(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch (error) {
    throw new UsageError(`PARAMS is not JSON: ${(error as Error).message}`)
  }
}

async function readAll(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
