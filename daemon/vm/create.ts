/** Makes a VM: its record, then its disk. */
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { UserError } from '../../policy/errors.ts'
import type { CreateParams } from '../../policy/api/vm.ts'
import type { NetworkRequest } from '../../policy/api/vm-network.ts'
import type { VmId } from '../../policy/names.ts'
import { chooseWay } from '../firstboot/request.ts'
import { requireSpace, tableBytes } from '../disk/space.ts'
import { createOverlay } from '../qemu/disk.ts'
import type { VmDependencies } from './dependencies.ts'
import { drawMacAddress, drawVmId, vmIdOfRequest } from './identity.ts'
import { vmPaths } from './paths.ts'
import type { CreateRequest, VmRecord } from './record.ts'
import type { Entry } from './table.ts'

/** An id that neither a VM nor a disk has: this one, where it is such. */
export function drawFreeId({ table, config }: Pick<VmDependencies, 'table' | 'config'>, wanted?: VmId): VmId {
  const isTaken = (id: string): boolean => table.isTaken(id) || existsSync(vmPaths(config.folders, id as VmId).disk)
  return wanted !== undefined && !isTaken(wanted) ? wanted : drawVmId(isTaken)
}

/**
 * The record of a VM that could be made by these params. Throws what {@link ImageStore.require} throws, and
 * VM_DISK_TOO_SMALL, USER_DATA_INVALID, FIRST_BOOT_FAILED.
 */
export async function draftRecord(deps: VmDependencies, params: CreateParams, request?: CreateRequest): Promise<VmRecord> {
  const image = await deps.images.require(params.image)
  const diskMiB = params.diskMiB ?? image.virtualSizeMiB
  if (diskMiB < image.virtualSizeMiB) {
    throw new UserError('VM_DISK_TOO_SMALL', `A disk of ${diskMiB} MiB cannot hold image "${image.name}"`, {
      field: 'diskMiB',
      hint: `Ask for at least ${image.virtualSizeMiB} MiB, or leave the size out`,
    })
  }
  const firstBoot = chooseWay(image, params)
  return {
    version: 1,
    id: drawFreeId(deps, request && vmIdOfRequest(request.id)),
    name: params.name,
    image: params.image,
    vcpus: params.vcpus,
    memoryMiB: params.memoryMiB,
    diskMiB,
    networks: params.networks.map(drawNic),
    autostart: params.autostart,
    restart: params.restart,
    ...(params.cpuPercent !== undefined && { cpuPercent: params.cpuPercent }),
    ...(firstBoot && { firstBoot }),
    machine: await deps.machine(),
    createdAt: new Date().toISOString(),
    ...(request && { request }),
    phase: 'creating',
  }
}

export function drawNic(network: NetworkRequest): VmRecord['networks'][number] {
  const mac = drawMacAddress()
  switch (network.kind) {
    case 'user':
      return { kind: network.kind, mac, forwards: network.forwards }
    case 'bridge':
      return { kind: network.kind, mac, bridge: network.bridge }
    case 'network':
      return { kind: network.kind, mac, name: network.name, addresses: network.addresses }
    case 'vpn':
      return { kind: network.kind, mac, name: network.name, addresses: network.addresses }
  }
}

/** Makes the disk of a VM whose record is there in phase `creating`. Throws NO_SPACE, HOST_IO, PROGRAM_MISSING. */
export async function makeDisk(deps: VmDependencies, entry: Entry): Promise<void> {
  const image = await deps.images.require(entry.record.image)
  await requireSpace(dirname(entry.paths.disk), tableBytes(entry.record.diskMiB), 'A new disk')
  await createOverlay({
    disk: entry.paths.disk,
    backing: image.path,
    ...(entry.record.diskMiB > image.virtualSizeMiB && { sizeMiB: entry.record.diskMiB }),
  })
}

/** Removes all files of a VM that does not run: the record last, so that a crash leaves it to be gone on with. */
export async function removeVm(deps: VmDependencies, entry: Entry): Promise<void> {
  const { disk, runtimeFolder, logFolder } = entry.paths
  await deps.services.remove(entry.service)
  await rm(disk, { force: true })
  await rm(runtimeFolder, { recursive: true, force: true })
  await rm(logFolder, { recursive: true, force: true })
  await deps.table.remove(entry)
}
