/** Handlers of VMs' disks. */
import type { diskMethods } from '../../policy/api/disk.ts'
import { UserError } from '../../policy/errors.ts'
import type { Disks } from '../disk/disks.ts'
import { hintAfterResize } from '../disk/resize.ts'
import { listSnapshots } from '../disk/snapshots.ts'
import type { Handlers } from '../rpc/handler.ts'
import type { VmDependencies } from '../vm/dependencies.ts'

export interface DiskRooms {
  readonly vms: VmDependencies
  readonly disks: Disks
}

export function diskHandlers({ vms, disks }: DiskRooms): Pick<Handlers, keyof typeof diskMethods> {
  const { table } = vms

  return {
    'vm.suspend': async ({ vm }) => {
      const entry = table.find(vm)
      const wasHeld = await disks.suspend(entry)
      return { vm: table.view(entry), ...(!wasHeld && { hint: 'It was paused already' }) }
    },
    'vm.resume': async ({ vm }) => {
      const entry = table.find(vm)
      const wentOn = await disks.resume(entry)
      return { vm: table.view(entry), ...(!wentOn && { hint: 'It was running already' }) }
    },
    'vm.resize': async ({ vm, ...sizes }) => {
      if (Object.values(sizes).every((size) => size === undefined)) {
        throw new UserError('INVALID_PARAMS', 'None of diskMiB, vcpus and memoryMiB is given', {
          field: 'diskMiB',
          hint: 'Say which of them is to change',
        })
      }
      const entry = table.find(vm)
      await disks.resize(entry, sizes)
      const hint = hintAfterResize(entry, sizes)
      return { vm: table.view(entry), ...(hint !== undefined && { hint }) }
    },
    'vm.snapshot.create': ({ vm, name }) => disks.takeSnapshot(table.find(vm), name),
    'vm.snapshot.list': async ({ vm }) => ({ snapshots: await listSnapshots(vms, table.find(vm)) }),
    'vm.snapshot.restore': async ({ vm, name }) => {
      const entry = table.find(vm)
      await disks.restoreSnapshot(entry, name)
      return table.view(entry)
    },
    'vm.snapshot.delete': async ({ vm, name }) => {
      await disks.deleteSnapshot(table.find(vm), name)
      return { name }
    },
    'vm.clone': async ({ vm, ...request }, { progress }) => table.view(await disks.clone(table.find(vm), request, progress)),
    'vm.export': async ({ vm, path, snapshot }, { progress }) => {
      const entry = table.find(vm)
      return { vm: entry.id, ...(await disks.exportDisk(entry, { path, snapshot }, progress)) }
    },
  }
}
