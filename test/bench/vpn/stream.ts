/** TCP from the first guest to the second. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { Side } from './pair.ts'

interface Test {
  teardown(clean: () => unknown): unknown
}

/** Little, so that many can be compared, and what else the machine does meets both alike. */
const BYTES = '8M'
/** Only bounds a wait that should end long before. */
const WITHIN_MS = 60_000

/** Answers how a stream to an address of the second guest is measured, in bits per second. */
export function openStream(t: Test, [{ guest }, { guest: other }]: readonly [Side, Side]): (address: string) => Promise<number> {
  const [program, args] = other.enter('setpriv', '--pdeathsig=KILL', 'iperf3', '--server')
  const server = spawn(program, args, { stdio: 'ignore' })
  t.teardown(async () => {
    const ended = once(server, 'exit')
    server.kill('SIGKILL')
    await ended
  })
  return async (address) => {
    for (const until = Date.now() + WITHIN_MS; ; await delay(100)) {
      const { stdout } = guest.run('iperf3', '--json', '--connect-timeout', '1000', '--bytes', BYTES, '--client', address)
      const { error, end } = JSON.parse(stdout) as { error?: string; end: { sum_received: { bits_per_second: number } } }
      if (error === undefined) return end.sum_received.bits_per_second
      // the tunnel may not be there yet, and the server takes one at a time, until it has done with the last
      if (Date.now() > until) throw new Error(`${address}: ${error}`)
    }
  }
}
