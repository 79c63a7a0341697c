/** vm.exec: a command in the guest, from its start to its end. */
import type { Params, Result } from '../../policy/api/index.ts'
import { CHUNK_LIMIT, OUTPUT_LIMIT } from '../../policy/api/guest.ts'
import { UserError } from '../../policy/errors.ts'
import type { Entry } from '../vm/table.ts'
import { killProcess, type Killing } from './kill.ts'
import { awaitEnd, startProcess, type Ended, type Output } from './process.ts'
import { withGuest, type GuestDependencies, type GuestSession } from './session.ts'

type Request = Params<'vm.exec'>

/** How long what was killed may take to be gone, so that what it printed can be told. */
const LAST_WORDS_MS = 3000
/** Bytes of them that a message takes. */
const LAST_WORDS_BYTES = 400

/** `gone` is aborted when nobody waits for the answer any more: then the command is killed. */
export async function execInGuest(deps: GuestDependencies, entry: Entry, request: Request, gone: AbortSignal): Promise<Result<'vm.exec'>> {
  const { command, env, encoding, timeoutSeconds, outputLimitBytes: limitBytes } = request
  const stdin = readStdin(request)
  return await withGuest(deps, entry, async (guest) => {
    const until = performance.now() + timeoutSeconds * 1000
    const pid = await startProcess(guest, { command, env, stdin })
    const ended = await awaitEnd(guest, pid, { until, limitBytes, signal: gone }).catch(async (error: unknown) => {
      if (!gone.aborted || guest.lost.aborted) throw error
      await putDown(guest, pid)
      throw new UserError('GUEST_EXEC_ABANDONED', `Whoever asked for ${command[0]!} has gone; it was killed`)
    })
    if (ended) return view(ended, encoding)
    throw tooSlow(request, await putDown(guest, pid))
  })
}

function readStdin({ stdin, encoding }: Request): Buffer | undefined {
  if (stdin === undefined) return undefined
  const bytes = Buffer.from(stdin, encoding === 'text' ? 'utf8' : 'base64')
  if (encoding === 'base64' && bytes.toString('base64') !== stdin) {
    throw new UserError('INVALID_PARAMS', 'vm.exec: stdin is not base64', { field: 'stdin' })
  }
  if (bytes.length <= CHUNK_LIMIT) return bytes
  throw new UserError('INVALID_PARAMS', `vm.exec: stdin has ${bytes.length} bytes, and ${CHUNK_LIMIT} are the most`, {
    field: 'stdin',
    hint: 'Copy it into the guest first: vm.copy-in',
  })
}

interface LastWords {
  readonly killing: Killing
  readonly ended: Ended | undefined
}

/** Kills it, and has the agent tell its end, for until then it keeps all that was printed. */
async function putDown(guest: GuestSession, pid: number): Promise<LastWords> {
  const killing = await killProcess(guest, pid)
  const until = performance.now() + (killing === 'killed' ? LAST_WORDS_MS : 0)
  const ended = await awaitEnd(guest, pid, { until, limitBytes: OUTPUT_LIMIT }).catch(() => undefined)
  return { killing, ended }
}

function tooSlow({ command, timeoutSeconds }: Request, { killing, ended }: LastWords): UserError {
  const outputs = ended ? [ended.stdout, ended.stderr] : []
  const words = outputs.map(lastWords).filter(Boolean).join('\n')
  const fate =
    killing === 'killed'
      ? 'was killed'
      : killing === 'not-there'
        ? 'is not there any more, but what it left in the background holds its output open'
        : `could not be killed (${killing.failed})`
  return new UserError('GUEST_EXEC_TIMEOUT', `${command[0]!} did not end within ${timeoutSeconds} s and ${fate}${words ? `; its last words: ${words}` : ''}`, {
    hint: 'Give it more time by timeoutSeconds (--timeout), or start it in the background with its output sent elsewhere',
  })
}

/** As far as it is text. */
function lastWords({ bytes }: Output): string {
  return bytes.toString('utf8', Math.max(0, bytes.length - LAST_WORDS_BYTES)).replace(/[^\P{C}\n]+/gu, ' ').trim()
}

function view({ stdout, stderr, ...status }: Ended, encoding: Request['encoding']): Result<'vm.exec'> {
  return {
    ...status,
    stdout: encode(stdout, encoding),
    stderr: encode(stderr, encoding),
    stdoutTruncated: stdout.isTruncated,
    stderrTruncated: stderr.isTruncated,
  }
}

function encode({ bytes, isTruncated }: Output, encoding: Request['encoding']): string {
  if (encoding === 'base64') return bytes.toString('base64')
  // As a stream, a character that the limit has cut in two is left out.
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes, { stream: isTruncated })
}
