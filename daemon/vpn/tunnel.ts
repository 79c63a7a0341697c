/** The tunnel of a VPN to its other hosts: tinc's configuration, made of the record, and the tincd that runs by it. */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { UserError } from '../../policy/errors.ts'
import type { Folders } from '../config.ts'
import type { ServiceProcess } from '../service/manager.ts'
import { sendSignal } from '../service/process.ts'
import { writeText } from '../state/file.ts'
import { logSize, readLogEnd, readLogSince } from '../state/log-end.ts'
import { vpnPaths } from './paths.ts'
import type { VpnRecord, VpnSecrets } from './record.ts'
import { renderTinc } from './tinc/config.ts'
import { readNodes } from './tinc/nodes.ts'
import { explainEnd } from './tinc/words.ts'
import { deafVersion, isListening } from './tincd/listening.ts'
import { NOTICED_MS, type TincdManager, type Tunnel } from './tincd/manager.ts'

export interface Tunnels {
  /**
   * Has tincd run as the record says: starts it, or has the one that runs take what has changed, which ends no connection but
   * those to hosts that are no peers any more. One that does not listen on all versions of IP is started anew. Throws VPN_TUNNEL_FAILED, PROGRAM_MISSING, SERVICE_MANAGER_FAILED, NO_SPACE, HOST_IO.
   */
  up(record: VpnRecord, secrets: VpnSecrets, tap: string): Promise<void>
  /** The tincd, if it runs now. */
  find(name: string): ServiceProcess | undefined
  /** Has it try at once to connect to the hosts that it has no connection to. */
  retry(record: Pick<VpnRecord, 'name' | 'host'>): void
  /** Why it does not run, by its last words. */
  explain(name: string): Promise<string>
  /** Whether each host of the VPN is reached; `undefined` where no tincd tells. */
  reached(record: Pick<VpnRecord, 'name' | 'host'>): Promise<ReadonlyMap<string, boolean> | undefined>
  /** Ends tincd, and removes all of it that is not the record's. Throws SERVICE_MANAGER_FAILED, HOST_IO. */
  remove(name: string): Promise<void>
  /** Its log, if it has one. */
  logOf(name: string): string
}

/** What it does before it is ready is local, but for names of hosts to look up. */
const READY_WITHIN_MS = 20_000
/** It tells its peers that it goes. */
const END_WITHIN_MS = 5000
/** For this long in a row without a process it has ended. */
const GONE_AFTER_MS = 400
const DUMP_WITHIN_MS = 1000
const POLL_MS = 20
const SILENT = 'it has not said why'

export function createTunnels(folders: Folders, tincd: TincdManager): Tunnels {
  const of = (name: string) => ({ name, paths: vpnPaths(folders, name) })

  /** The one that is ready: a signal for which it has no answer yet would end it. */
  const findReady = ({ name, host }: Pick<VpnRecord, 'name' | 'host'>): ServiceProcess | undefined => {
    const running = tincd.find(of(name))
    return running && isListening(running.pid, host.port) ? running : undefined
  }

  const retry: Tunnels['retry'] = (record) => {
    const running = findReady(record)
    if (running) sendSignal(running.pid, 'SIGALRM')
  }

  const awaitReady = async (name: string, from: number): Promise<void> => {
    const { paths } = of(name)
    let seenAt = performance.now()
    for (const until = seenAt + READY_WITHIN_MS; performance.now() < until; await delay(POLL_MS)) {
      const text = await readLogEnd(paths.log, from)
      if (/\bReady\b/.test(text)) return
      if (tincd.find(of(name))) seenAt = performance.now()
      else if (performance.now() - seenAt > GONE_AFTER_MS) break
    }
    throw new UserError('VPN_TUNNEL_FAILED', `tincd of VPN "${name}" does not come up: ${explainEnd(await readLogEnd(paths.log, from)) ?? SILENT}`, {
      hint: `Its log: ${paths.log}`,
    })
  }

  const end = async (tunnel: Tunnel, { pid }: ServiceProcess): Promise<void> => {
    sendSignal(pid, 'SIGTERM')
    for (const until = performance.now() + END_WITHIN_MS; tincd.find(tunnel)?.pid === pid && performance.now() < until; ) await delay(POLL_MS)
    await delay(NOTICED_MS)
  }

  return {
    async up(record, secrets, tap) {
      const tunnel = { ...of(record.name), tap }
      const { paths } = tunnel
      for (const folder of [paths.tinc, paths.runtimeFolder, paths.logFolder]) await mkdir(folder, { recursive: true, mode: 0o700 })
      const hasChanged = await writeFolder(paths.tinc, renderTinc(record, secrets, tap))
      const running = tincd.find(tunnel)
      if (running && deafVersion(running.pid, record.host.port) === undefined) {
        if (hasChanged) sendSignal(running.pid, 'SIGHUP')
        // The clock may have been set back since it began.
        else retry(record)
        return
      }
      if (running) await end(tunnel, running)
      const from = await logSize(paths.log)
      await tincd.start(tunnel)
      await awaitReady(record.name, from)
    },
    find: (name) => tincd.find(of(name)),
    retry,
    async explain(name) {
      const { paths } = of(name)
      return explainEnd(await readLogEnd(paths.log, 0)) ?? SILENT
    },
    async reached(record) {
      const { paths } = of(record.name)
      const running = findReady(record)
      if (!running) return undefined
      const from = await logSize(paths.log)
      sendSignal(running.pid, 'SIGUSR2')
      for (const until = performance.now() + DUMP_WITHIN_MS; performance.now() < until; await delay(POLL_MS)) {
        // The hosts come first; the edges between them, one for each two, may be more than is read.
        const nodes = readNodes(await readLogSince(paths.log, from))
        if (nodes.size > 0) return nodes
      }
      return undefined
    },
    async remove(name) {
      const { paths } = of(name)
      await tincd.remove(of(name))
      await rm(paths.runtimeFolder, { recursive: true, force: true })
      await rm(paths.logFolder, { recursive: true, force: true })
    },
    logOf: (name) => of(name).paths.log,
  }
}

/** Makes a folder hold these files and no others; answers whether it did not before. */
async function writeFolder(folder: string, files: ReturnType<typeof renderTinc>): Promise<boolean> {
  let hasChanged = false
  // first, so that there is room on a full disk to write again what there was
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isDirectory() || files.has(path.slice(folder.length + 1))) continue
    await rm(path)
    hasChanged = true
  }
  for (const [name, { text }] of files) {
    const path = join(folder, name)
    if ((await readFile(path, 'utf8').catch(() => undefined)) === text) continue
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await writeText(path, text)
    hasChanged = true
  }
  return hasChanged
}
