/** Does what a typed line says. */
import { renderResult, emptyNote, identify } from '../../cli/render/result.ts'
import { escapeControls } from '../../cli/render/escape.ts'
import { UsageError } from '../../cli/usage-error.ts'
import type { Command, Json } from '../../cli/command-table.ts'
import type { Globals, Values } from '../../cli/parse.ts'
import type { MethodName } from '../../../policy/api/index.ts'
import { showInvitation } from '../actions/networks.ts'
import { leave } from '../actions/navigate.ts'
import type { Context } from '../context.ts'
import { currentView, goTo, pushView } from '../model/state.ts'
import { describeCall, planCommand, type CommandPlan } from './plan-command.ts'
import { screenCommands } from './table.ts'

/** Answers what is wrong with the line, where it cannot be carried out at all; then nothing has been done. */
export function runCommand(line: string, context: Context): string | undefined {
  let plan: CommandPlan
  try {
    const { place } = context
    plan = planCommand(line, context.get(), { table: screenCommands(), place, home: place.home })
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    return error.hint === undefined ? error.message : `${error.message}; ${error.hint}`
  }
  carryOut(plan, line.trim(), context)
  return undefined
}

function carryOut(plan: CommandPlan, line: string, context: Context): void {
  switch (plan.kind) {
    case 'nothing':
      return
    case 'leave':
      return leave(context)
    case 'show':
      return context.change((state) => (plan.isRoot ? goTo(state, plan.view) : pushView(state, plan.view)))
    case 'text':
      return context.change((state) => pushView(state, { screen: 'output', title: plan.title, lines: plan.lines, top: 0 }))
    case 'invite':
      return void showInvitation(context, plan.params)
    case 'lend':
      return void context.terminal.run(plan.argv, plan)
    case 'call':
      return void callAll(plan, line, context)
  }
}

/** One line of result is a notice; more are a screen with those of all requests, unless the user has gone elsewhere meanwhile. */
async function callAll({ command, requests, globals }: Extract<CommandPlan, { kind: 'call' }>, line: string, context: Context): Promise<void> {
  const { stack } = context.get()
  const results = await Promise.all(requests.map((params) => call(command, params, globals, context)))
  if (results.every(({ length }) => length < 2)) return
  context.change((state) => {
    const isElsewhere = state.stack.length !== stack.length || currentView(state).screen !== stack.at(-1)?.screen
    if (isElsewhere || state.dialog || state.prompt) return state
    const { notice, ...quiet } = state
    return pushView(notice?.kind === 'error' ? state : quiet, { screen: 'output', title: line, lines: results.flat(), top: 0 })
  })
}

/** Answers the lines of the result; none where it failed, which is said. */
async function call(command: Command, params: Values, globals: Globals, context: Context): Promise<readonly string[]> {
  const about = describeCall(command, params, context.get())
  let lines: readonly string[] = []
  // Whether the params fit the method the daemon says, as for any client.
  await context.operate(command.method as MethodName, params, {
    ...about,
    done: (result: unknown) => {
      lines = linesOf(command, result as Json, globals, Object.keys(params).length > 0)
      return lines.length === 1 ? lines[0]! : `${about.label}: done`
    },
  })
  return lines
}

function linesOf(command: Command, result: Json, globals: Globals, isFiltered: boolean): readonly string[] {
  if (globals.json) return JSON.stringify(result, null, 2).split('\n').map((each) => escapeControls(each))
  const lines = (globals.quiet ? identify(command, result) : undefined) ?? renderResult(command, result, (text) => text)
  const hint = (result as { hint?: unknown } | null)?.hint
  const notes = [emptyNote(command, result, isFiltered), typeof hint === 'string' ? escapeControls(hint) : undefined].filter((note) => note !== undefined)
  return lines.length === 1 ? [[...lines, ...notes].join('; ')] : [...lines, ...notes]
}
