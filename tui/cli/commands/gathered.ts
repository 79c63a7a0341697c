/** The answers of several hosts to one command: one table where there is one, else one host after the other. */
import { exitStatus } from '../../../policy/errors.ts'
import type { Gathered } from '../../cluster/gather.ts'
import { RpcError } from '../../connection-error.ts'
import type { Command, Json } from '../command-table.ts'
import { explainFailure } from '../failure.ts'
import { choosePaint, printJson, printLines, printNote } from '../io.ts'
import { emptyNote, identify, renderResult, rowsOf } from '../render/result.ts'
import type { Paint } from '../render/paint.ts'
import type { Request } from '../request.ts'

type Answer = { readonly host: string; readonly result: Json }

/** Prints them, names on stderr the hosts that have failed or not answered, and answers with the exit status: 7 where one is missing. */
export function printGathered({ io, globals, command, requests }: Request, { responses, missing }: Gathered): number {
  const failures = responses.flatMap((response) => ('error' in response ? [{ host: response.host, ...explainFailure(new RpcError(response.error), command) }] : []))
  const answers = responses.flatMap((response) => ('result' in response ? [{ host: response.host, result: response.result as Json }] : []))
  if (globals.json) {
    const hosts = Object.fromEntries(responses.map(({ host, ...outcome }) => [host, outcome]))
    printJson(io, { hosts, missing })
  } else {
    const ids = answers.map(({ result }) => identify(command, result))
    const isQuiet = globals.quiet && ids.every((each) => each !== undefined)
    printLines(io.stdout, isQuiet ? ids.flat() : renderAnswers(command, answers, choosePaint(io, globals)))
    if (answers.length > 0 && failures.length + missing.length === 0) printNote(io, globals, emptyNote(command, mergeRows(command, answers), Object.keys(requests[0] ?? {}).length > 0))
    for (const { host, lines } of failures) printLines(io.stderr, lines.map((line) => line.replace(/^aetherscale: /, `aetherscale: ${host}: `)))
    if (missing.length > 0) printLines(io.stderr, [`aetherscale: no answer from ${missing.join(', ')}`])
  }
  return missing.length > 0 ? exitStatus.timeout : (failures[0]?.exit ?? 0)
}

/** Pure. */
export function renderAnswers(command: Command, answers: readonly Answer[], paint: Paint): string[] {
  const { table } = command
  if (!table) return answers.flatMap(({ host, result }) => [`${host}:`, ...anyhow(command, (each) => renderResult(each, result, paint)).map((line) => `  ${line}`)])
  // Without its method: some methods are said in words of their own, which have no place for a host.
  return renderResult({ ...withoutMethod(command), table: { ...table, columns: ['host', ...table.columns] } }, mergeRows(command, answers), paint)
}

/** One result with the rows of all. A row can have a `host` of its own: that of a VPN says how others reach it. */
function mergeRows(command: Command, answers: readonly Answer[]): Json {
  const { table } = command
  if (!table) return null
  const rows = answers.flatMap(({ host, result }) => rowsOf(command, result).map((row) => ({ ...row, host })))
  return { [table.rows]: rows }
}

/**
 * A host of another version, or somebody who only says to be one, can answer with anything. What does not fit the words that the
 * method has for its result is said as any other's.
 */
export function anyhow<T>(command: Command, say: (command: Command) => T): T {
  try {
    return say(command)
  } catch {
    return say(withoutMethod(command))
  }
}

function withoutMethod({ method: _, ...command }: Command): Command {
  return command
}
