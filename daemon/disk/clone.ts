/** Makes a VM of the disk and the settings of another. */
import type { NetworkRequest } from '../../policy/api/vm-network.ts'
import type { VmName } from '../../policy/names.ts'
import { giveFirstBoot, recordForClone, requestForClone } from '../firstboot/give.ts'
import { convertToQcow2 } from '../qemu/disk.ts'
import { requireStopped } from '../vm/ask-qemu.ts'
import { drawFreeId, drawNic } from '../vm/create.ts'
import type { Report, VmDependencies } from '../vm/dependencies.ts'
import type { Lifecycle } from '../vm/lifecycle.ts'
import { requireKept, type Operator } from '../vm/operate.ts'
import type { VmRecord } from '../vm/record.ts'
import type { Entry } from '../vm/table.ts'
import { copyDiskFile } from './copy-file.ts'
import { openOverlay, readSafeHeader } from './own-disk.ts'

export interface CloneRequest {
  readonly name?: VmName | undefined
  readonly networks?: readonly NetworkRequest[] | undefined
  readonly start: boolean
}

/**
 * Answers the new VM, whole; of one that did not come to be nothing is left. The other one's queue is held until its disk is
 * copied. Throws VM_RUNNING, VM_NAME_TAKEN, NO_SPACE, what {@link openOverlay} throws, and what making a VM throws after its
 * disk is made.
 */
export async function cloneVm(
  deps: VmDependencies,
  { operate }: Operator,
  { make }: Pick<Lifecycle, 'make'>,
  source: Entry,
  { start, ...request }: CloneRequest,
  report: Report,
): Promise<Entry> {
  const { made } = await operate(source, 'clone', async () => {
    requireKept(source)
    requireStopped(source)
    await openOverlay(deps, source)
    const image = await deps.images.require(source.record.image)
    const copied = Promise.withResolvers<void>()
    const fillDisk = async (entry: Entry): Promise<void> => {
      report('copying the disk')
      await copyDisk(image.path, source, entry, report)
      const told = await requestForClone(source, entry)
      copied.resolve()
      await giveFirstBoot(deps, entry, told, report)
    }
    const making = await make(draftClone(deps, { ...source.record, firstBoot: recordForClone(source, image) }, request), { start, fillDisk }, report)
    await Promise.race([copied.promise, making.made])
    return making
  })
  return await made
}

/** A port of the host leads to one VM only, and an address is of one, so those of the other are left out where nothing else was asked for. */
function draftClone(deps: VmDependencies, { pending: _none, name: _its, request: _others, ...source }: VmRecord, { name, networks }: Omit<CloneRequest, 'start'>): VmRecord {
  const wanted: readonly NetworkRequest[] = networks ?? source.networks.map(alike)
  return {
    ...source,
    id: drawFreeId(deps),
    name,
    networks: wanted.map(drawNic),
    createdAt: new Date().toISOString(),
    phase: 'creating',
  }
}

function alike(nic: VmRecord['networks'][number]): NetworkRequest {
  switch (nic.kind) {
    case 'user':
      return { ...nic, forwards: [] }
    case 'bridge':
      return nic
    case 'network':
    case 'vpn':
      return { ...nic, addresses: [] }
  }
}

/** A disk that holds snapshots is written anew without them; what a copy would hold of them stays allocated for ever. */
async function copyDisk(image: string, source: Entry, entry: Entry, report: Report): Promise<void> {
  const onProgress = (fraction: number): void => {
    report('copying the disk', fraction)
  }
  const { snapshotCount } = await readSafeHeader(source.paths.disk)
  if (snapshotCount === 0) {
    await copyDiskFile(source.paths.disk, entry.paths.disk, onProgress)
    return
  }
  await convertToQcow2({ source: source.paths.disk, format: 'qcow2', backing: image, standingOn: image, target: entry.paths.disk, onProgress })
}
