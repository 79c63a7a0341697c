import type { GuestAddress } from '../../policy/api/vm.ts'

/** What is seen of a QEMU that runs. */
export interface Live {
  readonly pid: number
  readonly startedAt: Date
  accelerator: 'kvm' | 'tcg' | undefined
  paused: boolean
  agent: 'absent' | 'connected'
  /** Whether the agent has answered since it connected. */
  agentAnswered: boolean
  addresses: readonly GuestAddress[]
  /** When the agent last answered with addresses. */
  addressesAt: Date | undefined
}
