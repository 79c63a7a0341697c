/** `aetherscale doctor`: the daemon's checks, or those of its program where no daemon answers, and the way to the daemon. */
import { basename, dirname, join } from 'node:path'
import type { Check } from '../../../policy/api/system.ts'
import { CONTROL_SOCKET, OBSERVE_SOCKET } from '../../../policy/wire.ts'
import { ConnectionError, type Client } from '../../client.ts'
import { choosePaint, printJson, printLines, type Io } from '../io.ts'
import { escapeControls } from '../render/escape.ts'
import { alignColumns } from '../render/layout.ts'
import type { Paint } from '../render/paint.ts'
import type { Request } from '../request.ts'
import { findCompanion } from './companion.ts'
import { withClient } from './session.ts'

/** Milliseconds that the daemon's program may take for its checks: the probe of the accelerator boots something. */
const DAEMON_CHECKS = 60_000

/** Milliseconds in which a daemon answers that is well: one that is stopped, or hangs, takes connections all the same. */
const ANSWERS_WITHIN = 5000
const SILENT = 'It is stopped, or waits for a disk: its log, and the state of its process (ps), say more; if nothing helps, start it again, for VMs go on'

export async function runDoctor({ io, globals }: Request): Promise<number> {
  const ask = async (client: Client) => {
    await client.call('system.info', {}, { timeoutMs: ANSWERS_WITHIN })
    return { ...(await client.call('system.doctor', {})), path: client.socketPath }
  }
  const found = await withClient(io, globals, 'observe', ask)
    .then(async ({ checks, path }) => [await describeWay(path), ...checks])
    .catch(async (error: unknown) => {
      if (!(error instanceof ConnectionError)) throw error
      return [describeObstacle(error), ...(await runDaemonChecks(io))]
    })
  if (globals.json) printJson(io, { checks: found })
  else printLines(io.stdout, renderChecks(found, choosePaint(io, globals)))
  return found.some(({ status }) => status === 'missing') ? 1 : 0
}

/** What mends it stands below a check, for both can be long. */
export function renderChecks(checks: readonly Check[], paint: Paint): string[] {
  const rows = checks.flatMap(({ status, subject, detail, remedy }) => [
    [paint(status, status), escapeControls(subject), escapeControls(detail)],
    ...(remedy === undefined || status === 'ok' ? [] : [['', '', `-> ${escapeControls(remedy)}`]]),
  ])
  return alignColumns(rows)
}

async function describeWay(path: string): Promise<Check> {
  if (basename(path) !== OBSERVE_SOCKET) return { subject: 'daemon', status: 'ok', detail: `answers at ${path}` }
  const directory = dirname(path)
  const { findAccount, findBarrier, remedyOf } = await import('../../permission.ts')
  const remedy = remedyOf(await findBarrier(join(directory, CONTROL_SOCKET), directory), await findAccount())
  return { subject: 'daemon', status: 'degraded', detail: `answers at ${path}, which only observes`, remedy }
}

function describeObstacle({ problem, message, hint = problem === 'timeout' ? SILENT : undefined }: ConnectionError): Check {
  return { subject: 'daemon', status: 'missing', detail: message, ...(hint !== undefined && { remedy: hint }) }
}

/** The daemon's program checks the host without serving: `aetherscaled --doctor --json`. */
async function runDaemonChecks(io: Io): Promise<Check[]> {
  const program = daemonProgram(io.program)
  const [{ execFile }, { promisify }] = await Promise.all([import('node:child_process'), import('node:util')])
  try {
    const options = { env: io.env, timeout: DAEMON_CHECKS, maxBuffer: 16 * 1_048_576 }
    const { stdout } = await promisify(execFile)(process.execPath, [program, '--doctor', '--json'], options).catch(keepOutput)
    return (JSON.parse(stdout) as { checks: Check[] }).checks
  } catch (error) {
    return [{ subject: 'aetherscaled', status: 'missing', detail: `could not check the host: ${reasonOf(error)}` }]
  }
}

/** The first line that the program left on stderr, where it ran at all. */
function reasonOf(error: unknown): string {
  const { message, stderr } = error as Error & { stderr?: string }
  return (stderr?.trim() || message).split('\n')[0]!
}

/** It exits with 1 when something is missing, and has printed what. */
function keepOutput(error: Error & { stdout?: string }): { stdout: string } {
  if (error.stdout) return { stdout: error.stdout }
  throw error
}

export function daemonProgram(program: string): string {
  return findCompanion(program, { bundle: 'aetherscaled.js', source: '../daemon/main.ts' })
}
