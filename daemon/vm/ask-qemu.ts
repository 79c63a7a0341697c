/** Asks the QEMU of a VM that runs for something that somebody waits for. */
import { UserError } from '../../policy/errors.ts'
import { QmpClosed, QmpError, QmpTimeout, type Qmp } from '../qemu/qmp.ts'
import type { VmDependencies } from './dependencies.ts'
import type { Live } from './live.ts'
import type { Entry } from './table.ts'

/** What `ask` returns. Throws VM_QEMU_FAILED where QEMU refuses, does not answer in time, or has no QMP connection now. */
export async function askQemu<T>({ monitor }: Pick<VmDependencies, 'monitor'>, entry: Entry, ask: (qmp: Qmp) => Promise<T>): Promise<T> {
  const qmp = monitor.qmp(entry)
  if (!qmp) throw failed(entry, 'it does not answer')
  try {
    return await ask(qmp)
  } catch (error) {
    if (error instanceof QmpError) throw failed(entry, error.message, error)
    if (error instanceof QmpTimeout || error instanceof QmpClosed) throw failed(entry, `${error.message}; it may still do it`, error)
    throw error
  }
}

/** Throws VM_NOT_RUNNING. */
export function requireRunning({ id, live, record }: Entry): Live {
  if (live) return live
  throw new UserError('VM_NOT_RUNNING', `VM ${record.name ?? id} is not running`, {
    field: 'vm',
    hint: `Start it first: aetherscale vm start ${record.name ?? id}`,
  })
}

/** Throws VM_RUNNING. */
export function requireStopped({ id, live, record }: Entry): void {
  if (!live) return
  throw new UserError('VM_RUNNING', `VM ${record.name ?? id} is running`, {
    field: 'vm',
    hint: `Stop it first: aetherscale vm stop ${record.name ?? id}`,
  })
}

function failed({ id, record }: Entry, why: string, cause?: unknown): UserError {
  return new UserError('VM_QEMU_FAILED', `QEMU of VM ${record.name ?? id}: ${why}`, {
    hint: `What it has said: aetherscale vm log ${record.name ?? id} --source qemu; if it hangs, stop it by force`,
    cause,
  })
}
