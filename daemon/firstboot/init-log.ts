/** The log of a first boot, as callers see it. */
import { UserError } from '../../policy/errors.ts'
import type { Result } from '../../policy/api/index.ts'
import { readLog } from '../vm/log.ts'
import type { Entry } from '../vm/table.ts'
import { deriveInit, withoutMarks } from './progress.ts'

/** Throws VM_INIT_NONE where nothing runs at the first boot that could tell. */
export function requireInit(entry: Entry): void {
  if (entry.record.firstBoot?.isTold) return
  throw new UserError('VM_INIT_NONE', `VM ${entry.id} was given neither an init script nor user-data`, {
    field: 'vm',
    hint: 'They are given when a VM is made: aetherscale vm create IMAGE --init-script FILE',
  })
}

/** Throws VM_INIT_NONE, HOST_IO. */
export async function readInitLog(entry: Entry, offset: number | undefined, limitBytes: number): Promise<Result<'vm.init-log'>> {
  requireInit(entry)
  // In this order: what is over has said all.
  const { state = 'pending', exitCode } = entry.init ? deriveInit(entry.init, entry.live) : {}
  const { text, ...piece } = await readLog(entry.paths.initLog, offset, limitBytes)
  return { text: withoutMarks(text), ...piece, state, ...(exitCode !== undefined && { exitCode }) }
}
