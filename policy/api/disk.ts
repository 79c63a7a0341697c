/** The disks of VMs: their sizes, snapshots and copies. */
import * as z from 'zod'
import { SnapshotName, Timestamp, VmId, VmName, VmRef } from '../names.ts'
import { method } from './method.ts'
import { CreateParams, Vm } from './vm.ts'
import { NetworkRequest } from './vm-network.ts'

const oneVm = { vm: VmRef }
const found = ['VM_NOT_FOUND', 'VM_RECORD_BROKEN'] as const
const ofQemu = ['VM_QEMU_FAILED'] as const
const ofDisk = ['VM_DISK_MISSING', 'VM_DISK_UNSAFE', 'NO_SPACE', 'PROGRAM_MISSING', 'HOST_IO'] as const
const ofImage = ['IMAGE_NOT_FOUND', 'IMAGE_FOLDER_MISSING', 'IMAGE_INVALID', 'IMAGE_UNSAFE'] as const
const ofUnit = ['VM_UNIT_INVALID', 'SERVICE_MANAGER_FAILED', 'ACCEL_UNAVAILABLE', 'NETWORK_NOT_FOUND', 'NETWORK_RECORD_BROKEN', 'NET_UNREACHABLE', 'NET_DENIED', 'NET_QUOTA', 'NET_NOT_FOUND', 'NET_FAILED'] as const

export const Snapshot = z
  .object({
    name: z.string().describe('As the disk has it; one that was made by hand may have any'),
    createdAt: Timestamp,
  })
  .meta({ id: 'Snapshot' })
export type Snapshot = z.infer<typeof Snapshot>

export const Consistency = z.enum(['clean', 'filesystem', 'crash']).meta({
  id: 'Consistency',
  description:
    'What the guest finds when it boots from the snapshot: clean, the VM was stopped; filesystem, its agent had written out ' +
    'and frozen its file systems; crash, what it would find after a power cut',
})
export type Consistency = z.infer<typeof Consistency>

/** An answer that is the VM, and what there is to say about it. */
const VmAndHint = z.object({ vm: Vm, hint: z.string().optional() })

export const diskMethods = {
  'vm.suspend': method({
    summary: 'Hold the guest still; QEMU and its memory stay. One that is held already is left alone, with a hint',
    params: z.strictObject(oneVm),
    result: VmAndHint,
    errors: [...found, 'VM_NOT_RUNNING', ...ofQemu],
    access: 'control',
    command: { words: ['vm', 'suspend'], args: ['vm'] },
  }),
  'vm.resume': method({
    summary: 'Let a guest that is held go on; one that runs is left alone, with a hint',
    description:
      'Also where QEMU itself holds the guest because the file system of its disk was full: the writes that did not fit are ' +
      'made then. NO_SPACE says that they still do not fit, and the guest is held on.',
    params: z.strictObject(oneVm),
    result: VmAndHint,
    errors: [...found, 'VM_NOT_RUNNING', 'NO_SPACE', ...ofQemu],
    access: 'control',
    command: { words: ['vm', 'resume'], args: ['vm'] },
  }),
  'vm.resize': method({
    summary: 'Give a VM a larger disk at once, and other CPUs and memory from its next start on',
    description:
      'At least one of `diskMiB`, `vcpus` and `memoryMiB` is needed. A disk only grows; a guest that runs sees its new size at ' +
      'once. While a VM runs, `atNextStart` of vm.get has what it will start with.',
    params: z.strictObject({
      ...oneVm,
      diskMiB: CreateParams.shape.diskMiB.unwrap().optional().describe('Virtual size of the disk'),
      vcpus: CreateParams.shape.vcpus.unwrap().optional().describe('Virtual CPUs'),
      memoryMiB: CreateParams.shape.memoryMiB.unwrap().optional().describe('Memory of the guest'),
    }),
    result: VmAndHint,
    errors: [...found, 'VM_DISK_SHRINK', ...ofQemu, ...ofDisk, ...ofImage, ...ofUnit],
    access: 'control',
    command: { words: ['vm', 'resize'], args: ['vm'] },
  }),
  'vm.snapshot.create': method({
    summary: 'Keep the disk as it is now under a name, within the disk itself',
    description:
      "Of a VM that runs, the guest's file systems are frozen for the moment that it takes, where its agent can do that; " +
      'what is in memory is not kept.',
    params: z.strictObject({ ...oneVm, name: SnapshotName }),
    result: Snapshot.extend({ consistency: Consistency, hint: z.string().optional() }),
    errors: [...found, 'SNAPSHOT_NAME_TAKEN', ...ofQemu, ...ofDisk, ...ofImage],
    access: 'control',
    command: { words: ['vm', 'snapshot', 'create'], args: ['vm', 'name'] },
  }),
  'vm.snapshot.list': method({
    summary: 'List the snapshots that the disk of a VM holds',
    params: z.strictObject(oneVm),
    result: z.object({ snapshots: z.array(Snapshot).describe('The oldest first') }),
    errors: [...found, ...ofQemu, ...ofDisk, 'IMAGE_INVALID'],
    access: 'observe',
    command: { words: ['vm', 'snapshot', 'list'], args: ['vm'], table: { rows: 'snapshots', columns: ['name', 'createdAt'] } },
  }),
  'vm.snapshot.restore': method({
    summary: 'Make the disk of a stopped VM what it was, in content and size; what came since is lost',
    description: 'The snapshot stays, and can be restored again.',
    params: z.strictObject({ ...oneVm, name: SnapshotName }),
    result: Vm,
    errors: [...found, 'VM_RUNNING', 'SNAPSHOT_NOT_FOUND', ...ofDisk, ...ofImage],
    access: 'control',
    command: { words: ['vm', 'snapshot', 'restore'], args: ['vm', 'name'] },
  }),
  'vm.snapshot.delete': method({
    summary: 'Delete a snapshot; the disk stays as it is',
    params: z.strictObject({ ...oneVm, name: SnapshotName }),
    result: z.object({ name: SnapshotName }),
    errors: [...found, 'SNAPSHOT_NOT_FOUND', 'SNAPSHOT_IN_USE', ...ofQemu, ...ofDisk, ...ofImage],
    access: 'control',
    command: { words: ['vm', 'snapshot', 'delete'], args: ['vm', 'name'] },
  }),
  'vm.clone': method({
    summary: 'Make a new VM with the disk and the settings of a stopped one',
    description:
      'It stands on the same image and has an id and MAC addresses of its own; snapshots are left behind. A port of the host ' +
      'leads to one VM only, so port forwards are left out, unless `networks` says what interfaces it shall have.',
    params: z.strictObject({
      ...oneVm,
      name: VmName.optional(),
      networks: z.array(NetworkRequest).max(8).optional().describe("Interfaces of the new VM, in order; where not said, as the other's, without port forwards"),
      start: z.boolean().default(false).describe('Start it right away'),
    }),
    result: Vm,
    errors: [...found, 'VM_RUNNING', 'VM_NAME_TAKEN', ...ofDisk, ...ofImage, ...ofUnit, 'VM_START_FAILED', 'PORT_IN_USE', 'PATH_TOO_LONG'],
    access: 'control',
    progress: true,
    command: { words: ['vm', 'clone'], args: ['vm', 'name'] },
  }),
  'vm.export': method({
    summary: 'Write the disk of a stopped VM, or a snapshot of it, as one qcow2 file that stands alone',
    description:
      'The file appears under its name when it is whole. A `snapshot` can be exported while the VM runs. `image.import` and ' +
      '`vm.create` make a VM of such a file, here or elsewhere.',
    params: z.strictObject({
      ...oneVm,
      path: z
        .string()
        .max(4000)
        .regex(/^\/[^\0]*\.qcow2$/)
        .describe('Absolute path of the file to make, ending in .qcow2; the daemon writes it as its own user')
        .meta({ hostPath: true }),
      snapshot: SnapshotName.optional().describe('The snapshot to write; the disk as it is now where not said'),
    }),
    result: z.object({ vm: VmId, path: z.string(), fileBytes: z.int().meta({ unit: 'bytes' }) }),
    errors: [...found, 'VM_RUNNING', 'SNAPSHOT_NOT_FOUND', 'EXPORT_PATH_TAKEN', ...ofQemu, ...ofDisk, ...ofImage],
    access: 'control',
    progress: true,
    command: { words: ['vm', 'export'], args: ['vm', 'path'] },
  }),
}
