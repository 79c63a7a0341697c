/** What keeps a VM's QEMU running. One implementation a kind of host; the rest of the daemon cannot tell them apart. */
import type { VmId, VmName } from '../../policy/names.ts'

/** A QEMU that runs. */
export interface ServiceProcess {
  readonly pid: number
  readonly startedAt: Date
}

export interface Service {
  readonly id: VmId
  readonly name: VmName | undefined
  /** Where it says what the VM should be, for people who come upon the service. */
  readonly record: string
  readonly program: string
  readonly argv: readonly string[]
  /** Where QEMU is found again by the number of its process, if nothing better knows. */
  readonly pidFile: string
  /** Takes what QEMU prints. */
  readonly logFile: string
  /** All that QEMU needs of the user's files, by absolute paths. */
  readonly files: {
    readonly read: readonly string[]
    readonly write: readonly string[]
    /** Where QEMU makes its sockets; goes with the boot of the host. */
    readonly runtimeFolder: string
  }
  /** Links of the host that have to be there before QEMU. */
  readonly taps: readonly string[]
  /** Whether the guest reaches the network through QEMU's own sockets. */
  readonly hasUserNetwork: boolean
  /** A QMP socket that nobody holds but who shuts the VM down with the host. */
  readonly shutdownSocket: string
  readonly limits: ServiceLimits
  readonly restart: 'no' | 'on-failure'
  /** Whether it starts with the host. */
  readonly autostart: boolean
}

export interface ServiceLimits {
  /** Of one CPU. */
  readonly cpuPercent: number
  readonly memoryMiB: number
  /** Processes and threads. */
  readonly tasks: number
}

/** What identifies a service that may run. */
export type ServiceRef = Pick<Service, 'id' | 'pidFile'>

/** What a host keeps of a service in a file, as people may find it. */
export interface ServiceFile {
  readonly path: string
  /** generated: as it was written; edited: by hand, and kept so; missing: not there. */
  readonly state: 'generated' | 'edited' | 'missing'
  /** Whether it starts with the host. */
  readonly enabled: boolean
  /** Whether QEMU is kept apart from the user's other files, sockets and processes. */
  readonly isolated: boolean
}

export interface ServicePlan {
  readonly argv: readonly string[]
  readonly unit?: string
}

export interface ServiceManager {
  readonly kind: 'embedded' | 'systemd'
  /** Where the files that the host keeps are, and whose each is by its name. */
  readonly units?: { readonly folder: string; readonly ownerOf: (name: string) => string | undefined }
  /**
   * Starts QEMU, which outlives the daemon; `undefined` where it has ended already. Whether it comes up is for QMP to tell;
   * if not, `logFile` says why. Throws UserError PROGRAM_MISSING, VM_UNIT_INVALID and VM_START_FAILED.
   */
  start(service: Service): Promise<ServiceProcess | undefined>
  /** Makes a service known that starts with the host, without starting it. Throws as `start` does. */
  prepare(service: Service): Promise<void>
  /** Has a service start with the host from now on, or not, where the host keeps one. Throws SERVICE_MANAGER_FAILED. */
  enable(service: ServiceRef, enabled: boolean): Promise<void>
  /** The process, if it runs now; asked of the host each time. */
  find(service: ServiceRef): ServiceProcess | undefined
  /** Sends a signal, if the process still is the VM's. */
  signal(service: ServiceRef, signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
  /** Has a QEMU that has ended stay so, should it be about to be started again. */
  settle(service: ServiceRef): Promise<void>
  /** Takes away what the host keeps of a service that does not run. */
  remove(service: ServiceRef): Promise<void>
  /** The VMs whose QEMU was started, by whomever, in no particular order. */
  started(): VmId[]
  /** The file that the host keeps; `undefined` where it keeps none. */
  file(service: ServiceRef): ServiceFile | undefined
  /** Why the host cannot use the file as it is now, for people; `undefined` where it can. */
  faultOf(service: ServiceRef): Promise<string | undefined>
  /** The command that `start` would run, and the text of the file that it would write. */
  plan(service: Service): Promise<ServicePlan>
  /** Names of files of services of ours that have neither VM nor VPN. */
  orphans(): string[]
  /** Whether QEMU can be kept apart here, and why not. */
  isolation(): Promise<Isolation>
}

export interface Isolation {
  readonly kind: 'unit' | 'none'
  readonly reason: string
}
