/** Can this host make the VM that a request asks for? Pure. */
import type { CreateParams } from './request.ts'
import type { Pass } from './pass-on.ts'

interface Room {
  readonly used: number
  readonly limit?: number
}

/** What a host has; sizes in MiB. */
export interface HostFacts {
  readonly images: ReadonlyMap<string, { readonly virtualSizeMiB: number; readonly problem?: string }>
  /** Private networks. */
  readonly networks: ReadonlySet<string>
  readonly hasBridge: (name: string) => boolean
  readonly vms: Room
  readonly memoryMiB: Room
  readonly diskMiB: Room
}

export type Decision = { readonly takes: true; readonly memoryMiB: number; readonly diskMiB: number } | ({ readonly takes: false } & Pass)

const pass = (reason: string, lasting: boolean): Decision => ({ takes: false, reason, lasting })
const left = ({ used, limit }: Room): number => (limit === undefined ? Infinity : limit - used)

export function decide({ image, networks, memoryMiB, diskMiB }: Pick<CreateParams, 'image' | 'networks' | 'memoryMiB' | 'diskMiB'>, facts: HostFacts): Decision {
  const found = facts.images.get(image)
  if (!found) return pass(`it has no image "${image}"`, true)
  if (found.problem !== undefined) return pass(`its image "${image}" cannot be used: ${found.problem}`, true)
  for (const network of networks) {
    if (network.kind === 'network' && !facts.networks.has(network.name)) return pass(`it has no private network "${network.name}"`, true)
    if (network.kind === 'bridge' && !facts.hasBridge(network.bridge)) return pass(`it has no bridge "${network.bridge}"`, true)
  }
  const disk = diskMiB ?? found.virtualSizeMiB
  const { vms, memoryMiB: memory, diskMiB: disks } = facts
  if (left(vms) < 1) return pass(`it has ${vms.used} VMs, of ${vms.limit} at the most`, false)
  if (left(memory) < memoryMiB) return pass(`it has ${Math.max(0, left(memory))} MiB of memory left, and ${memoryMiB} are asked for`, false)
  if (left(disks) < disk) return pass(`it has ${Math.max(0, Math.floor(left(disks)))} MiB of disk left, and ${disk} are asked for`, false)
  return { takes: true, memoryMiB, diskMiB: disk }
}

/** vm.create's least. */
const LEAST_MEMORY_MIB = 32

/** Why no VM at all fits on the host; `undefined` while one does. */
export function whyFull({ vms, memoryMiB, diskMiB }: Pick<HostFacts, 'vms' | 'memoryMiB' | 'diskMiB'>): string | undefined {
  if (left(vms) < 1) return `full: ${vms.used} VMs, of ${vms.limit} at the most`
  if (left(memoryMiB) < LEAST_MEMORY_MIB) return 'full: no memory is left'
  if (left(diskMiB) < 1) return 'full: no disk is left'
  return undefined
}
