/** `aetherscale vm exec`: a command in the guest, as if it were one here: its bytes, its exit status. */
import type { ParamsInput, Result } from '../../../policy/api/index.ts'
import { printJson, type Io } from '../io.ts'
import type { Values } from '../parse.ts'
import type { Request } from '../request.ts'
import { UsageError } from '../usage-error.ts'
import { printFailure } from './call.ts'
import { leaveOnInterrupt, withClient } from './session.ts'
import { readStdin } from './stdin.ts'

/** As of ssh(1): whatever else failed, for the numbers below are the command's own. */
const OURS = 255
/** Bytes of stdin that one call takes: the contract's CHUNK_LIMIT, which to load would cost the schemas. */
const STDIN_LIMIT = 524_288

/** What the options say: see own-commands.ts for those that the contract does not have. */
interface Options {
  readonly stdin?: boolean
  readonly command: readonly string[]
}

export async function runExec(request: Request): Promise<number> {
  const { io, globals } = request
  try {
    const { stdin: isStdinAsked, ...rest } = request.requests[0] as Values & Options
    const input = (isStdinAsked ?? io.stdin.isTTY !== true) ? await readStdin(io, STDIN_LIMIT, tooMuch) : undefined
    const asText = globals.json && (input === undefined || input.equals(Buffer.from(input.toString())))
    const encoding = asText ? 'text' : 'base64'
    const params = { ...rest, encoding, ...(input && { stdin: input.toString(asText ? 'utf8' : 'base64') }) }
    const result = await leaveOnInterrupt(io, globals, {}, () =>
      withClient(io, globals, 'control', (client) => client.call('vm.exec', params as unknown as ParamsInput<'vm.exec'>)),
    )
    if (globals.json) printJson(io, { ...result, encoding })
    else {
      io.stdout.write(Buffer.from(result.stdout, 'base64'))
      io.stderr.write(Buffer.from(result.stderr, 'base64'))
    }
    return statusOf(io, result)
  } catch (error) {
    printFailure(request, error)
    return OURS
  }
}

function tooMuch(): UsageError {
  return new UsageError('stdin has more than the 512 KiB that a command is sent', 'copy it into the guest first: aetherscale vm copy-in VM - GUESTPATH')
}

function statusOf({ stderr }: Io, { exitCode, signal, stdoutTruncated, stderrTruncated }: Result<'vm.exec'>): number {
  if (stdoutTruncated || stderrTruncated) {
    const what = stdoutTruncated ? 'stdout' : 'stderr'
    const fate = exitCode === undefined ? `signal ${signal ?? 0} ended it` : `it ended with status ${exitCode}`
    stderr.write(
      `aetherscale: the command had more on ${what} than is answered; ${fate}\n` +
        '  Have it write to a file, and copy that out: aetherscale vm copy-out VM GUESTPATH LOCAL\n',
    )
    return OURS
  }
  // Other systems have larger ones, of which a shell would see a part alone.
  return Math.min(exitCode ?? 128 + (signal ?? 0), OURS)
}
