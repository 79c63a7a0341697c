/** Waits for a VM to come to a state. */
import { UserError } from '../../policy/errors.ts'
import type { Entry, VmTable } from './table.ts'

export type Awaited = 'running' | 'agent' | 'stopped'

/** Throws VM_WAIT_TIMEOUT, and VM_NOT_FOUND where the VM is deleted meanwhile. An abort of `signal` ends the wait. */
export function waitForVm(
  table: VmTable,
  entry: Entry,
  what: Awaited,
  timeoutSeconds: number,
  signal: AbortSignal,
): Promise<void> {
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
      } else if (isReached(entry, what)) finish()
    }
    const expire = (): void => {
      finish(
        new UserError('VM_WAIT_TIMEOUT', `VM ${entry.id} is ${describe(entry)} and not ${what} after ${timeoutSeconds} s`, {
          hint: what === 'agent' ? 'Its image may hold no guest agent; vm.log shows how far it booted' : 'vm.get shows more',
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
  return entry.live?.agentAnswered === true
}

function describe(entry: Entry): string {
  return entry.state === 'running' && !entry.live?.agentAnswered ? 'running, its agent silent,' : entry.state
}
