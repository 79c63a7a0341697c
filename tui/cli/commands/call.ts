/** Every command that is one call and its answer, or one for each subject. */
import { explainFailure } from '../failure.ts'
import { choosePaint, printJson, printLines, printNote } from '../io.ts'
import { createProgressLine, type ProgressLine } from '../progress.ts'
import { escapeControls } from '../render/escape.ts'
import { emptyNote, identify, renderResult } from '../render/result.ts'
import type { Client } from '../../client.ts'
import type { Json } from '../command-table.ts'
import type { Values } from '../parse.ts'
import type { Request } from '../request.ts'
import { leaveOnInterrupt, withClient } from './session.ts'

/** Attempts all requests, prints what came of each in their order; the status is the first failure's. */
export async function runCall(request: Request): Promise<number> {
  const { io, globals, command, requests } = request
  const progress = createProgressLine(io.stderr, !globals.quiet)
  const goesOn = command.access === 'control' ? { goesOn: command.words.join(' ') } : {}
  const outcomes = await leaveOnInterrupt(io, globals, { beforeExit: progress.clear, ...goesOn }, () =>
    withClient(io, globals, command.access, (client) =>
      Promise.allSettled(requests.map((params) => ask(client, request, params, progress))),
    ),
  )
  progress.clear()
  const statuses = outcomes.map((outcome, index) =>
    outcome.status === 'fulfilled' ? printResult(request, requests[index]!, outcome.value) : printFailure(request, outcome.reason),
  )
  return statuses.find((status) => status !== 0) ?? 0
}

async function ask(client: Client, request: Request, params: Values, progress: ProgressLine): Promise<Json> {
  const result = await client.callAny(request.command.method ?? '', params, {
    onProgress: (news) => progress.show(news, subjectOf(request, params)),
  })
  return result as Json
}

/** Whom a line is about, where there are several. */
function subjectOf({ command, requests }: Request, params: Values): string | undefined {
  const last = command.positionals.at(-1)
  return requests.length > 1 && last ? (params[last.param] as string) : undefined
}

export function printResult(request: Request, params: Values, result: Json): number {
  const { io, globals, command } = request
  const ids = globals.quiet ? identify(command, result) : undefined
  if (globals.json) printJson(io, result)
  else printLines(io.stdout, ids ?? renderResult(command, result, choosePaint(io, globals)))
  printNote(io, globals, emptyNote(command, result, Object.keys(params).length > 0))
  const hint = (result as { hint?: unknown } | null)?.hint
  const subject = subjectOf(request, params)
  if (typeof hint === 'string') printNote(io, globals, escapeControls(subject === undefined ? hint : `${subject}: ${hint}`))
  return 0
}

/** Says why on stderr, as the options want it, and answers with the exit status. */
export function printFailure({ io, globals, command }: Pick<Request, 'io' | 'globals' | 'command'>, error: unknown): number {
  const { exit, lines, object } = explainFailure(error, command)
  printLines(io.stderr, globals.json ? [JSON.stringify(object)] : lines)
  return exit
}
