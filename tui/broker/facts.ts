/** What this host has and offers, asked of its daemon and of the kernel. */
import { existsSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import type { Result } from '../../policy/api/index.ts'
import { WHY_LIMIT, type Announcement } from '../../policy/broker/cluster.ts'
import type { BrokerConfig } from '../../policy/broker/config.ts'
import { readVersion } from '../version.ts'
import type { HostFacts } from './decide.ts'
import type { DaemonLink } from './daemon-link.ts'

type Daemon = Pick<DaemonLink, 'call'>
type Limits = BrokerConfig['limits']

const MIB = 2 ** 20

export interface Size {
  readonly memoryMiB: number
  readonly diskMiB: number
}

export interface Surveyed {
  readonly vms: Result<'vm.list'>['vms']
  readonly images: HostFacts['images']
  readonly networks: HostFacts['networks']
  /** That no disk has taken yet; absent where the kernel does not say. */
  readonly freeDiskMiB: number | undefined
}

/** A daemon that is there and does not answer, stopped or on a disk that hangs, is as one that is away. */
const WITHIN = { timeoutMs: 5000 }

/** @throws ConnectionError also where the daemon does not answer in time */
export async function survey(daemon: Daemon): Promise<Surveyed> {
  const [{ vms }, images, { networks }, { folders }] = await Promise.all([
    daemon.call('vm.list', {}, WITHIN),
    listImages(daemon),
    daemon.call('network.list', {}, WITHIN),
    daemon.call('system.info', {}, WITHIN),
  ])
  return { vms, images, networks: new Set(networks.map(({ name }) => name)), freeDiskMiB: await freeSpace(folders.disks) }
}

/** A host whose image folder is not there has no images. */
async function listImages(daemon: Daemon): Promise<HostFacts['images']> {
  const { images } = await daemon.call('image.list', {}, WITHIN).catch((error: unknown) => {
    if ((error as Error).name === 'IMAGE_FOLDER_MISSING') return { images: [] }
    throw error
  })
  return new Map(images.map(({ name, virtualSizeMiB, problem }) => [name, { virtualSizeMiB, ...(problem !== undefined && { problem }) }]))
}

async function freeSpace(folder: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(folder)
    return Math.floor((bavail * bsize) / MIB)
  } catch {
    return undefined
  }
}

/** `coming`: VMs that are being made, as far as the daemon does not list them. Pure, but for bridges. */
export function tally({ vms, images, networks, freeDiskMiB }: Surveyed, coming: readonly Size[], limits: Limits): HostFacts {
  const sum = (pick: (each: Size) => number): number => [...vms, ...coming].reduce((total, each) => total + pick(each), 0)
  const memory = sum((each) => each.memoryMiB)
  const disk = sum((each) => each.diskMiB)
  const comingDisk = coming.reduce((total, each) => total + each.diskMiB, 0)
  const mostDisk = limits.diskMiB ?? (freeDiskMiB === undefined ? undefined : disk - comingDisk + freeDiskMiB)
  return {
    images,
    networks,
    hasBridge: (name) => existsSync(join('/sys/class/net', name, 'bridge')),
    vms: { used: vms.length + coming.length, ...(limits.vms !== undefined && { limit: limits.vms }) },
    memoryMiB: { used: memory, limit: limits.memoryMiB ?? Math.floor(totalmem() / MIB) },
    diskMiB: { used: disk, ...(mostDisk !== undefined && { limit: mostDisk }) },
  }
}

/** What an announcement has but for the host's clock and its key. */
export type HostDescription = Omit<Announcement, 'at' | 'publicKey'>

export async function describe(daemon: Daemon, host: string, facts: HostFacts, vms: Surveyed['vms'], why: string | undefined): Promise<HostDescription> {
  const { vpns } = await daemon.call('vpn.list', {}, WITHIN)
  const bridges = vms.flatMap(({ networks }) => networks.flatMap((network) => (network.kind === 'bridge' ? [network.bridge] : [])))
  return {
    host: host as HostDescription['host'],
    version: readVersion(),
    takes: why === undefined,
    ...(why !== undefined && { why: why.slice(0, WHY_LIMIT) }),
    vms: facts.vms,
    memoryMiB: facts.memoryMiB,
    diskMiB: facts.diskMiB,
    images: [...facts.images].flatMap(([name, { problem }]) => (problem === undefined ? [name] : [])).slice(0, 1000) as HostDescription['images'],
    networks: [...facts.networks].slice(0, 1000) as HostDescription['networks'],
    vpns: vpns.slice(0, 1000).map(({ name, prefix }) => ({ name, prefix })),
    bridges: [...new Set(bridges)].slice(0, 100),
  }
}
