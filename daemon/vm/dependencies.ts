/** What the operations on VMs need of the rest of the daemon; compose.ts fills it in. */
import type { Accelerator } from '../../policy/api/system.ts'
import type { VmId } from '../../policy/names.ts'
import type { Config } from '../config.ts'
import type { EventBus } from '../events.ts'
import type { ImageStore } from '../image/store.ts'
import type { Logger } from '../log.ts'
import type { Attachments } from '../network/attachments.ts'
import type { GuestAgent } from '../qemu/agent.ts'
import type { ServiceManager } from '../service/manager.ts'
import type { Vpns } from '../vpn/lifecycle.ts'
import type { Monitor } from './monitor.ts'
import type { Entry, VmTable } from './table.ts'

export interface VmDependencies {
  readonly config: Config
  readonly table: VmTable
  readonly images: ImageStore
  readonly services: ServiceManager
  readonly monitor: Monitor
  readonly events: EventBus
  readonly log: Logger
  /** QEMU's program. */
  readonly qemu: string
  /** What to run guests with; probed at the first call. */
  readonly accelerator: () => Promise<Accelerator>
  /** The newest versioned machine type of this QEMU. */
  readonly machine: () => Promise<string>
  readonly agent: (entry: Entry) => GuestAgent
  readonly attachments: Attachments
  readonly vpns: Pick<Vpns, 'hold' | 'tidy'>
}

/** Tells whoever asked how far it is, and of a VM that is being made which one. */
export type Report = (message: string, fraction?: number, vm?: VmId) => void
