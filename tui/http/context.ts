/** What the routes are given. */
import type { Access } from '../../policy/api/method.ts'
import type { Daemon } from './daemon/daemon.ts'
import type { DoorLimits } from './limits.ts'
import type { LegacyHost } from '../legacy/commands.ts'

export interface DoorContext {
  readonly daemon: Daemon
  readonly limits: DoorLimits
  /** `observe`: nothing that changes something is passed on, to whichever socket the door was sent. */
  readonly access: Access
  /** What the old routes leave to the host. */
  readonly legacy: LegacyHost
  /** The door is being closed: streams end. */
  readonly closing: AbortSignal
  /** For what fails after its answer. */
  readonly warn: (details: object, message: string) => void
}
