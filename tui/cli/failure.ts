/** Any error -> what stderr says of it, and the exit status. Pure. */
import { errorTable, exitStatus, UserError, type ErrorName } from '../../policy/errors.ts'
import { ConnectionError, RpcError } from '../connection-error.ts'
import { ClusterError } from '../cluster/cluster-error.ts'
import type { Command } from './command-table.ts'
import { escapeControls } from './render/escape.ts'
import { UsageError } from './usage-error.ts'

export interface Failure {
  readonly exit: number
  /** For people. */
  readonly lines: readonly string[]
  /** For programs: the daemon's error object; an error of the CLI's own has the same form without a code. */
  readonly object: { readonly code?: number; readonly message: string; readonly data?: object }
}

/** Exit status after Ctrl-C: 128 and SIGINT's number, as shells have it. */
export const INTERRUPTED = 130

export function explainFailure(error: unknown, command?: Command): Failure {
  if (error instanceof UsageError) return explain('usage', error, { name: 'USAGE', hint: error.hint }, 'one line')
  if (error instanceof ConnectionError) return explainConnection(error)
  if (error instanceof ClusterError) return explain(error.exit, error, { name: 'CLUSTER', hint: error.hint }, 'two lines')
  if (error instanceof UserError) return explain(errorTable[error.data.name].exit, error, error.data, 'two lines')
  if (error instanceof RpcError) return explainAnswer(error, command)
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  const object = { message: String(error), data: { name: 'DEFECT' } }
  return { exit: exitStatus.failed, lines: ['aetherscale: a defect of this program:', stack], object }
}

function explainConnection(error: ConnectionError): Failure {
  const exit = error.problem === 'denied' ? 'denied' : error.problem === 'timeout' ? 'timeout' : 'unreachable'
  const data = { name: 'NOT_CONNECTED', problem: error.problem, socket: error.socket, hint: error.hint }
  return explain(exit, error, data, 'one line')
}

/** The params' names are the contract's; whoever typed an option is told of the option. */
function explainAnswer(error: RpcError, command: Command | undefined): Failure {
  const exit = Object.hasOwn(errorTable, error.name) ? errorTable[error.name as ErrorName].exit : 'failed'
  const [param] = error.name === 'INVALID_PARAMS' ? (error.field?.split('.') ?? []) : []
  const option = command?.options.find((field) => field.param === param)
  const positional = command?.positionals.find((field) => field.param === param)
  const called = option ? `--${option.flag}: ` : positional ? `${positional.placeholder}: ` : ''
  const lines = [`aetherscale: ${called}${error.message}`, ...(error.hint === undefined ? [] : [`  ${error.hint}`])]
  return { exit: exitStatus[exit], lines: lines.map((line) => escapeControls(line)), object: error.object }
}

function explain(
  exit: keyof typeof exitStatus,
  { message }: Error,
  data: { readonly name: string; readonly hint?: string | undefined },
  form: 'one line' | 'two lines',
): Failure {
  const { hint } = data
  const one = [`aetherscale: ${hint === undefined ? message : `${message}; ${hint}`}`]
  const two = [`aetherscale: ${message}`, ...(hint === undefined ? [] : [`  ${hint}`])]
  const lines = (form === 'one line' ? one : two).map((line) => escapeControls(line))
  return { exit: exitStatus[exit], lines, object: { message, data } }
}
