/** Runs exchange-frames.ts in a namespace, beside the taps that it opens. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { Arrival, Exchange } from './exchange-frames.ts'
import type { Namespace } from './namespace.ts'

export function runExchange(namespace: Pick<Namespace, 'enter'>, exchange: Exchange): Arrival[] {
  const [program, args] = namespace.enter(process.execPath, join(import.meta.dirname, 'exchange-frames.ts'))
  const { stdout, stderr, status } = spawnSync(program, args, { input: JSON.stringify(exchange), encoding: 'utf8', maxBuffer: 2 ** 24 })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout) as Arrival[]
}
