/** Where everything of a VM lies. The one place that joins these names. */
import { join } from 'node:path'
import type { Folders } from '../config.ts'
import type { VmId } from '../../policy/names.ts'

export interface VmPaths {
  readonly configFolder: string
  readonly record: string
  /** What the VM is told at its first boot, and the disk by which. */
  readonly firstBoot: string
  readonly seed: string
  /** What the guest has last told of it. */
  readonly initNote: string
  readonly disk: string
  readonly runtimeFolder: string
  readonly pidFile: string
  readonly qmp: string
  /** A second QMP socket, for whoever shuts the VM down without the daemon. */
  readonly shutdown: string
  readonly agent: string
  readonly console: string
  readonly logFolder: string
  readonly consoleLog: string
  /** What the guest tells of its first boot. */
  readonly initLog: string
  readonly qemuLog: string
}

export function vmPaths(folders: Folders, id: VmId): VmPaths {
  const configFolder = join(folders.config, 'vm', id)
  const runtimeFolder = join(folders.runtime, 'vm', id)
  const logFolder = join(folders.logs, 'vm', id)
  return {
    configFolder,
    record: join(configFolder, 'vm.json'),
    firstBoot: join(configFolder, 'first-boot.json'),
    seed: join(configFolder, 'seed.iso'),
    initNote: join(configFolder, 'init.json'),
    disk: join(folders.disks, `${id}.qcow2`),
    runtimeFolder,
    pidFile: join(runtimeFolder, 'qemu.pid'),
    qmp: join(runtimeFolder, 'qmp.sock'),
    shutdown: join(runtimeFolder, 'shutdown.sock'),
    agent: join(runtimeFolder, 'agent.sock'),
    console: join(runtimeFolder, 'console.sock'),
    logFolder,
    consoleLog: join(logFolder, 'console.log'),
    initLog: join(logFolder, 'init.log'),
    qemuLog: join(logFolder, 'qemu.log'),
  }
}
