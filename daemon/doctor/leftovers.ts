/**
 * Looks for what is left without the VM or the network that it was made for. A daemon that is killed leaves such things for
 * a moment, and the next one removes them; what doctor finds, nobody removes any more.
 */
import { existsSync, lstatSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Check } from '../../policy/api/system.ts'
import type { VmId } from '../../policy/names.ts'
import type { Folders } from '../config.ts'
import { IMPORTING } from '../image/claim.ts'
import type { HostLinks } from '../network/links.ts'
import { parseTapKey, parseTunnelKey } from '../network/requests.ts'
import { PROBE_PREFIX } from '../qemu/accelerator.ts'
import { quoteWord } from '../shell-word.ts'
import type { Remedies } from './account.ts'
import { listFolder, type Records } from './records.ts'

interface Found {
  readonly folders: Folders
  readonly links: HostLinks
  /** Read anew after all else was listed: what is made has its record before anything, and what is removed has it last. */
  readonly records: () => Records
  /** The pid of the VM's QEMU, if one runs: then nothing is to be taken from under it. */
  readonly processOf: (id: VmId) => number | undefined
  /** Names of systemd units of ours whose VM or VPN there is not. */
  readonly orphanUnits: () => readonly string[]
  readonly remedies: Remedies
  /** Where that user's units are. */
  readonly unitFolder: string
}

/** A temporary file that is younger may be somebody's who is at it. */
const SETTLED_MS = 60_000

export function checkLeftovers(found: Found): Check[] {
  const wrong = [...findLinks(found), ...findFiles(found), ...findUnits(found), ...findTemporary(found)]
  if (wrong.length > 0) return wrong
  return [{ subject: 'leftovers', status: 'ok', detail: 'no link, disk, folder, unit or temporary file without its VM or network' }]
}

function findLinks({ links, records: read }: Found): Check[] {
  const own = links.own()
  const records = read()
  const isWanted = (kind: 'bridge' | 'tap', key: string): boolean => {
    if (kind === 'bridge') return records.networks.has(key) || records.brokenNetworks.has(key)
    const vpn = parseTunnelKey(key)
    if (vpn !== undefined) return records.vpns.has(vpn)
    const { vm, nic } = parseTapKey(key) ?? { vm: key, nic: 0 }
    const kindOfNic = records.vms.get(vm)?.networks[nic]?.kind
    return records.brokenVms.has(vm) || (kindOfNic !== undefined && kindOfNic !== 'user')
  }
  return own
    .filter(({ kind, key }) => !isWanted(kind, key) && links.nameOf(kind, key) !== undefined)
    .map(({ name, kind, key }) => ({
      subject: `${kind} ${name}`,
      status: 'degraded',
      detail: kind === 'tap' ? `made for interface ${key}, which there is not` : `made for the private network or VPN ${key}, which there is not`,
      remedy: `sudo ip link delete ${name}`,
    }))
}

/** What bears the id of a VM in each of the folders, and the QEMU that it belongs to. */
function findFiles({ folders, records: read, processOf, remedies: { asOwner } }: Found): Check[] {
  const ofVms = (folder: string, what: string, form: RegExp): { id: VmId; what: string; path: string }[] =>
    listFolder(folder).flatMap((name) => {
      const id = form.exec(name)?.[1] as VmId | undefined
      return id === undefined ? [] : [{ id, what, path: join(folder, name) }]
    })
  const isFolder = /^([a-z]{8})$/
  const listed = [
    ...ofVms(folders.disks, 'disk', /^([a-z]{8})\.qcow2$/),
    ...ofVms(join(folders.runtime, 'vm'), 'runtime folder', isFolder),
    ...ofVms(join(folders.logs, 'vm'), 'log folder', isFolder),
  ]
  const { vms, brokenVms } = read()
  const unknown = listed.filter(({ id, path }) => !vms.has(id) && !brokenVms.has(id) && existsSync(path))
  const pids = new Map(unknown.map(({ id }) => [id, processOf(id)]))
  const running = Array.from(pids).flatMap(([id, pid]): Check[] => {
    if (pid === undefined) return []
    return [{ subject: `VM ${id}`, status: 'degraded', detail: `QEMU runs with pid ${pid}, and there is no record of it`, remedy: asOwner(`kill ${pid}`) }]
  })
  const files = unknown
    .filter(({ id }) => pids.get(id) === undefined)
    .map(({ id, what, path }): Check => {
      const remedy = asOwner(`rm ${what === 'disk' ? '' : '-r '}${quoteWord(path)}`)
      return { subject: `${what} of ${id}`, status: 'degraded', detail: `${path}: there is no record of a VM ${id}`, remedy }
    })
  return [...running, ...files]
}

function findUnits({ orphanUnits, unitFolder, remedies: { asOwner, systemctl } }: Found): Check[] {
  return orphanUnits().map((unit) => ({
    subject: `unit ${unit}`,
    status: 'degraded',
    detail: 'there is no record of its VM or VPN',
    remedy: `${systemctl(`disable --now ${unit}`)}; ${asOwner(`rm ${quoteWord(join(unitFolder, unit))}`)}`,
  }))
}

/** By the names that their makers give them. */
function findTemporary({ folders, remedies: { asOwner } }: Found): Check[] {
  const { config, images, sockets } = folders
  const own = ['vm', 'vpn'].flatMap((kind) => listFolder(join(config, kind)).map((name) => join(config, kind, name)))
  const candidates: readonly (readonly [folder: string, form: RegExp, what: string])[] = [
    [images, new RegExp(`^\\..+\\${IMPORTING}$`), 'image that was never whole'],
    [config, new RegExp(`^${PROBE_PREFIX}`), 'folder of a probe of the accelerator'],
    // writeJson in state/file.ts
    ...[config, join(config, 'network'), ...own].map((folder) => [folder, /^\..+\.pending$/, 'file that was never whole'] as const),
    // listenAt in rpc/socket.ts
    [sockets, /^\.[A-Za-z0-9]{6}$/, 'folder of a socket that was never in its place'],
  ]
  const paths = candidates.flatMap(([folder, form, what]) =>
    listFolder(folder)
      .filter((name) => form.test(name))
      .map((name) => ({ path: join(folder, name), what })),
  )
  const isLocked = readLocks()
  return paths
    .filter(({ path }) => {
      const file = lstatSync(path, { throwIfNoEntry: false })
      return file !== undefined && Date.now() - file.mtimeMs > SETTLED_MS && !isLocked(file.ino)
    })
    .map(({ path, what }) => ({ subject: 'temporary file', status: 'degraded', detail: `${path}: ${what}`, remedy: asOwner(`rm -r ${quoteWord(path)}`) }))
}

/** Whether somebody holds a lock of a file, by its inode (proc_locks(5)): an import that is under way does. */
function readLocks(): (inode: number) => boolean {
  const locks = readFileSync('/proc/locks', 'utf8')
  return (inode) => locks.includes(`:${inode} `)
}
