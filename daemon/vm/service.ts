/** PURE: from a VM's record to the service that runs its QEMU. */
import { qemuArgv } from '../qemu/argv.ts'
import type { Service, ServiceLimits } from '../service/manager.ts'
import type { VmPaths } from './paths.ts'
import type { VmRecord } from './record.ts'
import { qemuSpec } from './spec.ts'

interface Circumstances {
  /** QEMU's program. */
  readonly qemu: string
  /** The file that the disk stands on. */
  readonly image: string
  readonly accelerator: 'kvm' | 'tcg'
  /** The name of the link for each interface, by its index, that is one of the host's. */
  readonly taps: ReadonlyMap<number, string>
}

export function describeService(record: VmRecord, paths: VmPaths, { qemu, image, accelerator, taps }: Circumstances): Service {
  return {
    id: record.id,
    name: record.name,
    record: paths.record,
    program: qemu,
    argv: qemuArgv(qemuSpec(record, paths, accelerator, taps)),
    pidFile: paths.pidFile,
    logFile: paths.qemuLog,
    files: {
      read: [image, ...(record.firstBoot?.via === 'nocloud' ? [paths.seed] : [])],
      write: [paths.disk, ...logsOf(record, paths)],
      runtimeFolder: paths.runtimeFolder,
    },
    taps: [...taps.values()],
    hasUserNetwork: record.networks.some(({ kind }) => kind === 'user'),
    shutdownSocket: paths.shutdown,
    limits: limitsOf(record),
    restart: record.restart,
    autostart: record.autostart,
  }
}

/** The logs that QEMU opens by itself. */
export function logsOf(record: VmRecord, paths: VmPaths): string[] {
  return [paths.consoleLog, ...(record.firstBoot?.isTold ? [paths.initLog] : [])]
}

/**
 * Memory: QEMU's own besides the guest's, TCG's buffer of translated code among it; what it keeps of the disk in the page cache
 * the kernel takes back first. Tasks: a thread a CPU, and up to 64 workers for the disk.
 */
export function limitsOf({ vcpus, memoryMiB, cpuPercent = vcpus * 100 }: VmRecord): ServiceLimits {
  return { cpuPercent, memoryMiB: Math.ceil(memoryMiB * 1.1) + 512, tasks: vcpus + 128 }
}

/** The larger of each. */
export function wider(one: ServiceLimits, other: ServiceLimits): ServiceLimits {
  return {
    cpuPercent: Math.max(one.cpuPercent, other.cpuPercent),
    memoryMiB: Math.max(one.memoryMiB, other.memoryMiB),
    tasks: Math.max(one.tasks, other.tasks),
  }
}
