/** PURE: of which VM and source a log is, and how much of it there is room for. */
import type { Vm } from '../../../../policy/api/vm.ts'
import type { LogSource, LogText } from '../../model/log-text.ts'
import { bodySize, type Size, type State } from '../../model/state.ts'
import type { LogView } from '../../model/views.ts'
import type { LogLook } from './window.ts'

/** The first boot has one where it runs anything. */
export function sourcesOf(vm: Vm | undefined): LogSource[] {
  return vm?.firstBoot?.state === undefined ? ['console', 'qemu'] : ['console', 'qemu', 'init']
}

/** What one most likely wants to see: a first boot that is under way, or has failed, and else the console. */
export function openLog({ id, firstBoot }: Vm): LogView {
  const isNews = firstBoot?.state === 'running' || firstBoot?.state === 'failed'
  return { screen: 'log', vm: id, source: isNews ? 'init' : 'console', follow: true, wrap: true, at: { line: 0, row: 0 }, search: '' }
}

/** What has been read of it. */
export function textOf({ vm, source }: LogView, { world: { log } }: State): LogText | undefined {
  return log?.vm === vm && log.source === source ? log : undefined
}

/** Above the text is a line that says what it is. */
export function lookOf({ wrap }: LogView, { columns, rows }: Size): LogLook {
  return { width: columns, height: Math.max(1, rows - 1), wrap }
}

export function lookNow(view: LogView, state: State): LogLook {
  return lookOf(view, bodySize(state))
}
