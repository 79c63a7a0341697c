/** PURE: from a VM's record to what QEMU is told. */
import { parsePortForward } from '../../policy/names.ts'
import type { QemuSpec } from '../qemu/argv.ts'
import type { VmPaths } from './paths.ts'
import type { VmRecord } from './record.ts'

export function qemuSpec(record: VmRecord, paths: VmPaths, accelerator: 'kvm' | 'tcg'): QemuSpec {
  return {
    id: record.id,
    name: record.name,
    machine: record.machine,
    accelerator,
    vcpus: record.vcpus,
    memoryMiB: record.memoryMiB,
    disk: paths.disk,
    nics: record.networks.map(({ mac, forwards }) => ({
      mac,
      forwards: forwards.flatMap((text) => parsePortForward(text) ?? []),
    })),
    paths,
  }
}
