import type { GuestAddress } from '../../policy/api/vm.ts'
import type { Room } from '../disk/space.ts'

export interface HeldByDisk {
  readonly isFull: boolean
  /** What there was when it was last looked for. */
  room: Room | undefined
}

/** What is seen of a QEMU that runs. */
export interface Live {
  readonly pid: number
  readonly startedAt: Date
  /** When the guest last began anew within this run, so far as that was seen. */
  resetAt?: Date
  accelerator: 'kvm' | 'tcg' | undefined
  /** What QEMU says it has, whatever the record says by now. */
  vcpus: number | undefined
  memoryMiB: number | undefined
  paused: boolean
  /** Set while QEMU holds the guest because a write to its disk failed. */
  heldByDisk: HeldByDisk | undefined
  /** Interfaces whose tap, as QEMU holds it, is gone. */
  unplugged?: readonly number[]
  agent: 'absent' | 'connected'
  /** Whether the agent has answered since it connected. */
  agentAnswered: boolean
  addresses: readonly GuestAddress[]
  /** When the agent last answered with addresses. */
  addressesAt: Date | undefined
}
