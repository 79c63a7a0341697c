/** Shell scripts of ours in a guest: each is one `sh -c`, its values come as arguments and never in its text. */
import { UserError } from '../../policy/errors.ts'
import { awaitEnd, startProcess, type Ended } from './process.ts'
import { nameOf } from './failures.ts'
import type { GuestSession } from './session.ts'

const WITHIN_MS = 30_000
const OUTPUT_BYTES = 4096

/** English messages, and the standard programs wherever the agent was started from. */
const ENV = ['LC_ALL=C']

/** Throws GUEST_EXEC_FAILED where there is no /bin/sh, GUEST_AGENT_TIMEOUT where it does not end. */
export async function runScript(guest: GuestSession, script: string, args: readonly string[]): Promise<Ended> {
  const pid = await startProcess(guest, { command: ['/bin/sh', '-c', script, 'sh', ...args], env: ENV })
  const ended = await awaitEnd(guest, pid, { until: performance.now() + WITHIN_MS, limitBytes: OUTPUT_BYTES })
  if (ended) return ended
  throw new UserError('GUEST_AGENT_TIMEOUT', `A command of a moment did not end in VM ${nameOf(guest.entry)} within ${WITHIN_MS / 1000} s`, {
    hint: 'The guest, or its disk, hangs; vm.log may tell',
  })
}
