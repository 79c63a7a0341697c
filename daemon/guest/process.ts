/** Processes in a guest: started by guest-exec, asked after by guest-exec-status (docs/interop/qemu-ga-ref of QEMU). */
import { setTimeout as delay } from 'node:timers/promises'
import * as z from 'zod'
import { UserError } from '../../policy/errors.ts'
import { nonsense } from './failures.ts'
import type { GuestSession } from './session.ts'

export interface Program {
  /** The program and its arguments. */
  readonly command: readonly string[]
  /** NAME=VALUE; all of the environment where given, but for PATH. */
  readonly env?: readonly string[] | undefined
  readonly stdin?: Uint8Array | undefined
}

export interface Ended {
  readonly exitCode?: number
  readonly signal?: number
  readonly stdout: Output
  readonly stderr: Output
}

export interface Output {
  readonly bytes: Buffer
  readonly isTruncated: boolean
}

/** Asked after a tenth of the time that it has taken so far: most commands are short, and a long one can wait a little. */
const PAUSE_SHARE = 0.1
const SHORTEST_PAUSE_MS = 10
const LONGEST_PAUSE_MS = 2000
/**
 * So long the agent stays connected behind each question, for then it takes what the process prints without delay (see
 * qemu/agent.ts); after that, until the next, the port is free for others.
 */
const LINGER_MS = 700
/** No key of an answer is longer, and keys are strings too. */
const KEY_BYTES = 64
/** All that a command printed comes in one answer, of tens of megabytes at the most. */
const STATUS_ANSWER_MS = 60_000

/** As sudo(8) and systemd have it: the agent looks for the program in it, and so may the program for others. */
const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

const Started = z.object({ pid: z.int().positive() })
const Base64 = z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/, 'no base64')
const Status = z.object({
  exited: z.boolean(),
  exitcode: z.int().optional(),
  signal: z.int().optional(),
  'out-data': Base64.default(''),
  'err-data': Base64.default(''),
})

/** Answers with the process id. Throws GUEST_EXEC_FAILED where the program cannot be started. */
export async function startProcess(guest: GuestSession, { command, env, stdin }: Program): Promise<number> {
  const [path = '', ...arg] = command
  const { pid } = await guest.ask({
    command: 'guest-exec',
    args: {
      path,
      arg,
      ...(env && { env: env.some((each) => each.startsWith('PATH=')) ? env : [PATH, ...env] }),
      // An agent takes no empty text for input; without any it gives the process /dev/null, which is as empty.
      ...(stdin && stdin.length > 0 && { 'input-data': Buffer.from(stdin).toString('base64') }),
      'capture-output': true,
    },
    answer: Started,
    lingerMs: LINGER_MS,
    explain: ({ desc }) =>
      new UserError('GUEST_EXEC_FAILED', `${path} could not be started in the guest: ${desc}`, {
        field: 'command',
        hint: 'No shell reads the command; for one, run sh -c',
      }),
  })
  return pid
}

/**
 * Waits for the end of a process, `undefined` when it has not come by `until` (of performance.now()). The agent then
 * forgets the process, so only one may wait for it. `limitBytes` are kept of each output. Throws AbortError when `signal`
 * is aborted.
 */
export async function awaitEnd(
  guest: GuestSession,
  pid: number,
  { until, limitBytes, signal }: { readonly until: number; readonly limitBytes: number; readonly signal?: AbortSignal },
): Promise<Ended | undefined> {
  const signals = AbortSignal.any([guest.lost, ...(signal ? [signal] : [])])
  const begin = performance.now()
  for (;;) {
    const now = performance.now()
    const pause = Math.min(Math.max((now - begin) * PAUSE_SHARE, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS)
    // A daemon that stops does not wait for it.
    await delay(Math.min(pause, Math.max(0, until - now)), undefined, { signal: signals, ref: false }).catch((error: unknown) => {
      guest.lost.throwIfAborted()
      throw error
    })
    const ended = await askEnd(guest, pid, limitBytes).catch(forgiveSilence)
    if (ended) return ended
    if (performance.now() >= until) return undefined
  }
}

/** A guest that is busy for a while has not lost the process; how long is too long, the caller's deadline says. */
function forgiveSilence(error: unknown): undefined {
  if (error instanceof UserError && (error.data.name === 'GUEST_AGENT_TIMEOUT' || error.data.name === 'GUEST_FROZEN')) return undefined
  throw error
}

async function askEnd(guest: GuestSession, pid: number, limitBytes: number): Promise<Ended | undefined> {
  const status = await guest.ask({
    command: 'guest-exec-status',
    args: { pid },
    answer: Status,
    answerMs: STATUS_ANSWER_MS,
    lingerMs: LINGER_MS,
    // One byte more than is wanted tells that there is more.
    clipStrings: Math.max(KEY_BYTES, 4 * Math.ceil((limitBytes + 1) / 3)),
  })
  if (!status.exited) return undefined
  const { exitcode: exitCode, signal } = status
  if (exitCode === undefined && signal === undefined) throw nonsense(guest.entry, 'guest-exec-status', 'an end without a status')
  return {
    ...(signal === undefined ? { exitCode: exitCode! } : { signal }),
    stdout: decode(status['out-data'], limitBytes),
    stderr: decode(status['err-data'], limitBytes),
  }
}

function decode(base64: string, limitBytes: number): Output {
  const bytes = Buffer.from(base64, 'base64')
  return { bytes: bytes.subarray(0, limitBytes), isTruncated: bytes.length > limitBytes }
}
