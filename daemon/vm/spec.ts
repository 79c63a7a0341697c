/** PURE: from a VM's record to what QEMU is told. */
import { parsePortForward } from '../../policy/names.ts'
import type { NicSpec, QemuSpec } from '../qemu/argv.ts'
import { TUNNEL_MTU } from '../vpn/tinc/config.ts'
import type { VmPaths } from './paths.ts'
import type { VmRecord } from './record.ts'

/** `taps` has the name of the link for each interface, by its index, that is one of the host's. */
export function qemuSpec(record: VmRecord, paths: VmPaths, accelerator: 'kvm' | 'tcg', taps: ReadonlyMap<number, string>): QemuSpec {
  return {
    id: record.id,
    name: record.name,
    machine: record.machine,
    accelerator,
    vcpus: record.vcpus,
    memoryMiB: record.memoryMiB,
    disk: paths.disk,
    ...(record.firstBoot?.via === 'nocloud' && { seed: paths.seed }),
    ...(record.firstBoot?.isTold && { initLog: paths.initLog }),
    nics: record.networks.map((nic, index): NicSpec => {
      if (nic.kind === 'user') return { mac: nic.mac, forwards: nic.forwards.flatMap((text) => parsePortForward(text) ?? []) }
      const ifname = taps.get(index)
      if (ifname === undefined) throw new Error(`interface ${index} of VM ${record.id} has no tap`)
      return { mac: nic.mac, ifname, ...(nic.kind === 'vpn' && { mtu: TUNNEL_MTU }) }
    }),
    paths,
  }
}
