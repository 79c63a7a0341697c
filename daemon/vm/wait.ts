/** Waits for a VM to come to a state. */
import { UserError } from '../../policy/errors.ts'
import { requireInit } from '../firstboot/init-log.ts'
import { viewFirstBoot } from './view.ts'
import type { Entry, VmTable } from './table.ts'

const hints = {
  running: 'vm.get shows more',
  stopped: 'vm.get shows more',
  agent: 'Its image may hold no guest agent; vm.log shows how far it booted',
  init: 'vm.init-log shows how far it is; where it has not begun, vm.log shows how far the guest booted',
} as const

export type Awaited = 'running' | 'agent' | 'init' | 'stopped'

/** Throws VM_WAIT_TIMEOUT, VM_INIT_NONE, VM_INIT_FAILED, and VM_NOT_FOUND where the VM is deleted meanwhile. An abort of `signal` ends the wait. */
export function waitForVm(
  table: VmTable,
  entry: Entry,
  what: Awaited,
  timeoutSeconds: number,
  signal: AbortSignal,
): Promise<void> {
  if (what === 'init') requireInit(entry)
  return new Promise((resolve, reject) => {
    const finish = (error?: UserError): void => {
      clearTimeout(timer)
      unsubscribe()
      signal.removeEventListener('abort', abandon)
      if (error) reject(error)
      else resolve()
    }
    const look = (): void => {
      if (table.get(entry.id) !== entry) {
        finish(new UserError('VM_NOT_FOUND', `VM ${entry.id} was deleted meanwhile`, { field: 'vm' }))
      } else if (what === 'init' && viewFirstBoot(entry)?.state === 'failed') finish(initFailed(entry))
      else if (isReached(entry, what)) finish()
    }
    const expire = (): void => {
      finish(
        new UserError('VM_WAIT_TIMEOUT', `VM ${entry.id} is ${describe(entry)} and not ${what} after ${timeoutSeconds} s`, {
          hint: hints[what],
        }),
      )
    }
    // Nobody is there to be told; the answer only ends the request.
    const abandon = (): void => {
      expire()
    }
    const timer = setTimeout(expire, timeoutSeconds * 1000)
    const unsubscribe = table.onChange((changed) => {
      if (changed === entry) look()
    })
    signal.addEventListener('abort', abandon)
    look()
  })
}

function isReached(entry: Entry, what: Awaited): boolean {
  if (what === 'running') return entry.state === 'running'
  if (what === 'stopped') return entry.state === 'stopped'
  if (what === 'init') return viewFirstBoot(entry)?.state === 'done'
  return entry.live?.agentAnswered === true
}

function initFailed(entry: Entry): UserError {
  const { exitCode } = viewFirstBoot(entry) ?? {}
  const how = exitCode === undefined ? 'the machine went down while it ran' : `it ended with status ${exitCode}`
  return new UserError('VM_INIT_FAILED', `The first boot of VM ${entry.id} has failed: ${how}`, {
    hint: `What it printed: aetherscale vm init-log ${entry.record.name ?? entry.id}`,
  })
}

function describe(entry: Entry): string {
  return entry.state === 'running' && !entry.live?.agentAnswered ? 'running, its agent silent,' : entry.state
}
