/** PURE: what a VM is, from what was written down and what is seen now. */
import type { VmState } from '../../policy/api/vm.ts'
import type { VmRecord } from './record.ts'

export type Operation = 'start' | 'stop' | 'restart' | 'delete' | QuietOperation

/** Those that leave the VM in the state in which it is. */
type QuietOperation = 'suspend' | 'resume' | 'resize' | 'snapshot' | 'restore' | 'clone' | 'export' | 'set'

export interface Seen {
  readonly phase: VmRecord['phase']
  /** The operation that runs now in this daemon. */
  readonly operation: Operation | undefined
  /** Whether QEMU is there, and whether it holds the guest still. */
  readonly process: 'none' | 'running' | 'paused'
  readonly hasDisk: boolean
}

export function deriveState(seen: Seen): VmState {
  if (seen.phase === 'creating') return 'creating'
  if (seen.phase === 'deleting' || seen.operation === 'delete') return 'deleting'
  if (seen.operation === 'start') return 'starting'
  if (seen.operation === 'stop') return 'stopping'
  if (seen.operation === 'restart') return seen.process === 'none' ? 'starting' : 'stopping'
  if (seen.process !== 'none') return seen.process
  return seen.hasDisk ? 'stopped' : 'broken'
}
