/** Shows what making and starting a VM would run, without doing any of it. */
import { overlayArgv } from '../qemu/disk.ts'
import type { CreateParams } from '../../policy/api/vm.ts'
import type { Result } from '../../policy/api/index.ts'
import { tapsOf } from '../network/requests.ts'
import { guestfishArgv } from '../firstboot/into-disk.ts'
import { composeRequest } from '../firstboot/request.ts'
import { composeSeed, seedArgv, seedWork } from '../firstboot/seed.ts'
import { draftRecord } from './create.ts'
import type { VmDependencies } from './dependencies.ts'
import { vmPaths, type VmPaths } from './paths.ts'
import type { VmRecord } from './record.ts'
import { describeService, logsOf } from './service.ts'
import type { Entry } from './table.ts'

type Plan = Result<'vm.plan'>

/** What starting this VM would run. */
export async function planStart(deps: VmDependencies, entry: Entry): Promise<Plan> {
  const { record } = entry
  return {
    ...(await describeRun(deps, record, deps.images.pathOf(record.image))),
    files: startFiles(deps, record),
    networks: describeNetworks(deps, record),
  }
}

/** What making a VM by these params and starting it would run. Its id and MAC addresses are drawn anew when it is made. */
export async function planCreate(deps: VmDependencies, params: CreateParams): Promise<Plan> {
  deps.attachments.check(params.networks)
  const record = await draftRecord(deps, params)
  const image = await deps.images.require(record.image)
  const paths = vmPaths(deps.config.folders, record.id)
  const overlay = overlayArgv({
    disk: paths.disk,
    backing: image.path,
    ...(record.diskMiB > image.virtualSizeMiB && { sizeMiB: record.diskMiB }),
  })
  const { commands, ...run } = await describeRun(deps, record, image.path)
  return {
    ...run,
    commands: [
      { purpose: "make the disk, an overlay on the image's file", argv: ['qemu-img', ...overlay] },
      ...describeFirstBoot(record, paths, params),
      ...commands,
    ],
    files: [paths.record, paths.disk, ...(record.firstBoot ? [paths.firstBoot] : []), ...startFiles(deps, record)],
    networks: describeNetworks(deps, record),
  }
}

function describeFirstBoot(record: VmRecord, { seed, disk }: VmPaths, params: CreateParams): Plan['commands'] {
  const { firstBoot } = record
  if (!firstBoot) return []
  const request = composeRequest(record, params)
  if (firstBoot.via === 'libguestfs') {
    return [{ purpose: 'write into the disk what its first boot does', argv: ['guestfish', ...guestfishArgv(disk)] }]
  }
  const argv = ['genisoimage', ...seedArgv(seed, seedWork(seed), Object.keys(composeSeed(request)))]
  return [{ purpose: 'make the disk that tells the guest what its first boot does', argv }]
}

async function describeRun(deps: VmDependencies, record: VmRecord, image: string): Promise<Pick<Plan, 'commands' | 'unit'>> {
  const paths = vmPaths(deps.config.folders, record.id)
  const { kind: accelerator } = await deps.accelerator()
  const service = describeService(record, paths, { qemu: deps.qemu, image, accelerator, taps: unnamedTaps(record) })
  const { argv, unit } = await deps.services.plan(service)
  return { commands: [{ purpose: 'run the guest', argv: [...argv] }], ...(unit !== undefined && { unit }) }
}

function startFiles(deps: VmDependencies, record: VmRecord): string[] {
  const paths = vmPaths(deps.config.folders, record.id)
  return [
    ...(deps.services.kind === 'embedded' ? [paths.pidFile] : []),
    ...(record.firstBoot?.via === 'nocloud' ? [paths.seed] : []),
    ...[paths.qmp, paths.shutdown, paths.agent, paths.console, ...logsOf(record, paths), paths.qemuLog],
  ]
}

/** The helper derives the names of taps and tells them only when it has made them. */
function unnamedTaps(record: VmRecord): ReadonlyMap<number, string> {
  return new Map(tapsOf(record).map(({ nic }) => [nic, `<tap of ${record.id}.${nic}>`]))
}

function describeNetworks(deps: VmDependencies, record: VmRecord): string[] {
  const requests = deps.attachments.requests(record)
  return record.networks.map((network, index) => {
    if (network.kind === 'user') {
      const forwards = network.forwards.map((forward) => `forward ${forward}`)
      return [`user: QEMU's own NAT for ${network.mac}; nothing changes on the host`, ...forwards].join(', ')
    }
    const steps = (requests.get(index) ?? []).map(({ operation, params }) => `${operation} ${JSON.stringify(params)}`)
    const what = network.kind === 'bridge' ? `bridge ${network.bridge}` : `${network.kind} ${network.name}`
    const isToBeMade = network.kind === 'vpn' && !(requests.get(index) ?? []).some(({ operation }) => operation === 'ra.set')
    return `${what}${isToBeMade ? ', which is made first, as by vpn.create, with a prefix of its own' : ''}: the network helper is asked for ${steps.join(', then ')}; it names the tap`
  })
}
