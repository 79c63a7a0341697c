/** What keeps a VM's QEMU running. One implementation a kind of host; the rest of the daemon cannot tell them apart. */
import type { VmId } from '../../policy/names.ts'

/** A QEMU that runs. */
export interface ServiceProcess {
  readonly pid: number
  readonly startedAt: Date
}

export interface Service {
  readonly id: VmId
  readonly program: string
  readonly argv: readonly string[]
  /** QEMU writes it, as `argv` says. */
  readonly pidFile: string
  /** Takes what QEMU prints. */
  readonly logFile: string
}

/** What identifies a service that may run. */
export type ServiceRef = Pick<Service, 'id' | 'pidFile'>

export interface ServiceManager {
  readonly kind: 'embedded' | 'systemd'
  /**
   * Starts QEMU, which outlives the daemon. Whether it comes up is for QMP to tell; if not, `logFile` says why. Throws
   * UserError PROGRAM_MISSING.
   */
  start(service: Service): Promise<ServiceProcess>
  /** The process, if it runs now; asked of the host each time. */
  find(service: ServiceRef): ServiceProcess | undefined
  /** Sends a signal, if the process still is the VM's. */
  signal(service: ServiceRef, signal: 'SIGTERM' | 'SIGKILL'): void
}
