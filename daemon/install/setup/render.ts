/** The plan as it is printed. */
import { quoteWord } from '../../shell-word.ts'
import type { Move } from './bridge/move.ts'
import type { Plan } from './plan.ts'
import type { Removal } from './plan-removal.ts'
import type { Action, Step } from './step.ts'
import { UID } from './step.ts'

export function renderPlan({ steps, notes }: Plan): string[] {
  const marked = steps.map((step) => `${step.isDone ? 'is done  ' : 'to do    '}${step.says.replaceAll(UID, 'UID')}`)
  return [...marked, ...notes.map((note) => `advice   ${note}`)]
}

export function renderRemoval({ steps, leaves }: Removal): string[] {
  return [...steps.map(({ says }) => `to do    ${says}`), ...leaves.map((left) => `is left  ${left}`)]
}

/** What an admin would type; for those who want to see it, and for what a user has to ask an admin for. */
export function renderActions({ actions }: Step): string[] {
  return actions.flatMap((action) => describe(action)).map((line) => line.replaceAll(UID, 'UID'))
}

function describe(action: Action): string[] {
  if ('run' in action) return [`${action.as === undefined ? '' : `as ${action.as}: `}${action.run.map(quoteWord).join(' ')}`]
  if ('write' in action) return [`write ${action.write}:`, ...action.text.trimEnd().split('\n').map((line) => `  ${line}`)]
  if ('remove' in action) return [`rm ${action.remove}`]
  if ('removeFolder' in action) return [`rmdir ${action.removeFolder}`]
  if ('makeFolder' in action) return [`mkdir ${action.makeFolder}`]
  if ('moveUplink' in action) return describeMove(action.moveUplink)
  if ('awaitAnswer' in action) return [`wait for an answer at ${action.awaitAnswer}`]
  return []
}

function describeMove({ bridge, prepare, settings, lines, revert }: Move): string[] {
  return [
    ...prepare.map((line) => `ip ${line}`),
    ...Object.entries(settings).map(([name, value]) => `sysctl net.ipv6.conf.${bridge}.${name}=${value}`),
    ...lines.map((line) => `ip ${line}`),
    '# and, unless it is confirmed, back',
    ...revert.map((line) => `ip ${line}`),
  ]
}
