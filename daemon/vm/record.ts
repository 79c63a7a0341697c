/** `vm.json`: what a VM should be. Written by the daemon, readable by people, never a memory of what the VM is. */
import * as z from 'zod'
import { FirstBootRecord } from '../firstboot/request.ts'
import { Restart } from '../../policy/api/vm.ts'
import { BridgeName, GuestIp, ImageName, MacAddress, NetworkName, PortForward, SnapshotName, Timestamp, VmId, VmName, VpnName } from '../../policy/names.ts'

/** An operation that was begun and has to be finished by the next daemon if this one dies. */
const Pending = z.discriminatedUnion('operation', [
  z.strictObject({ operation: z.literal('start') }),
  z.strictObject({
    operation: z.enum(['stop', 'restart']),
    force: z.boolean(),
    timeoutSeconds: z.int(),
  }),
  z.strictObject({ operation: z.literal('resize'), diskMiB: z.int().optional(), vcpus: z.int().optional(), memoryMiB: z.int().optional() }),
  /** A snapshot is being made or deleted: the disk is to be looked through, or the guest to be thawed. */
  z.strictObject({ operation: z.literal('snapshot') }),
  z.strictObject({ operation: z.literal('restore'), name: SnapshotName }),
  /** The host is to do with the VM by itself what the record says. */
  z.strictObject({ operation: z.literal('set') }),
])
export type Pending = z.infer<typeof Pending>

/** Who asked for a VM in a way that can be asked again: the caller's id, and what tells its params from others. */
const CreateRequest = z.strictObject({ id: z.string(), digest: z.string() })
export type CreateRequest = z.infer<typeof CreateRequest>

const Nic = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('user'), mac: MacAddress, forwards: z.array(PortForward) }),
  z.strictObject({ kind: z.literal('bridge'), mac: MacAddress, bridge: BridgeName }),
  z.strictObject({ kind: z.literal('network'), mac: MacAddress, name: NetworkName, addresses: z.array(GuestIp).default([]) }),
  z.strictObject({ kind: z.literal('vpn'), mac: MacAddress, name: VpnName, addresses: z.array(GuestIp) }),
])

export const VmRecord = z.strictObject({
  version: z.literal(1),
  id: VmId,
  name: VmName.optional(),
  image: ImageName,
  vcpus: z.int(),
  memoryMiB: z.int(),
  diskMiB: z.int(),
  networks: z.array(Nic),
  autostart: z.boolean(),
  restart: Restart.default('on-failure'),
  /** Of one CPU; as many CPUs as the VM has where not said. */
  cpuPercent: z.int().optional(),
  firstBoot: FirstBootRecord.optional(),
  machine: z.string(),
  createdAt: Timestamp,
  request: CreateRequest.optional(),
  /** creating: not yet whole, undone by the next daemon; deleting: to be finished by it. */
  phase: z.enum(['creating', 'ready', 'deleting']),
  pending: Pending.optional(),
})
export type VmRecord = z.infer<typeof VmRecord>
