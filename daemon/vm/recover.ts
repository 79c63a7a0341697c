/**
 * What a daemon does with its VMs when it starts: adopt, finish, undo, and after a boot of the host start. The kernel's
 * boot_id (random(4)) tells one boot from the next.
 */
import { readdir } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { UserError } from '../../policy/errors.ts'
import { VmId } from '../../policy/names.ts'
import { readJson, writeJson } from '../state/file.ts'
import type { VmDependencies } from './dependencies.ts'
import type { Lifecycle } from './lifecycle.ts'
import { vmPaths } from './paths.ts'
import type { Entry } from './table.ts'

/** Takes the QEMUs that run under watch. To be awaited before the first request, so that no VM is shown wrongly. */
export async function adoptRunning(deps: VmDependencies): Promise<void> {
  const adopt = async (entry: Entry): Promise<void> => {
    const process = deps.services.find(entry.service)
    if (!process) return
    await deps.monitor.adopt(entry, process)
    deps.log.info({ vm: entry.id, pid: process.pid }, 'adopted a running VM')
  }
  await Promise.all(Array.from(deps.table.entries(), adopt))
  for (const orphan of await findOrphans(deps)) {
    deps.log.warn(orphan, 'a QEMU of ours runs and has no record; it is left alone')
  }
}

/**
 * Finishes what an earlier daemon had begun, then starts what is to start with the host; each VM for itself. What is to be
 * finished is under way when the call returns, so that a client that comes right after sees it so. `whenAttached` resolves
 * when the taps of a VM were made, with `false` if they will not be.
 */
export async function recoverAll(deps: VmDependencies, lifecycle: Lifecycle, whenAttached: (entry: Entry) => Promise<boolean>): Promise<void> {
  const settle = async (entry: Entry, work: Promise<unknown>, what: string): Promise<void> => {
    try {
      await work
    } catch (error) {
      deps.log.error({ vm: entry.id, err: error }, what)
    }
  }
  const entries = [...deps.table.entries()]
  const unfinished = entries.filter(({ record }) => record.phase !== 'ready' || record.pending)
  // What else was begun with a VM decides whether it runs; this it does only for the boots to come.
  const whole = entries.filter(({ record: { phase, pending } }) => phase === 'ready' && (!pending || pending.operation === 'set'))
  const finishing = unfinished.map((entry) => settle(entry, lifecycle.recover(entry), 'could not finish what was begun'))
  const bootFile = join(deps.config.folders.config, 'boot.json')
  const boot = { bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim() }
  const isFirst = !isDeepStrictEqual(await readJson(bootFile).catch(() => undefined), boot)
  // Where the host keeps units, it has started them by itself; one that is not there is written with this start.
  const isOurs = ({ file }: Entry): boolean => file === undefined || file.state === 'missing'
  const toStart = whole.filter((entry) => isFirst && entry.record.autostart && isOurs(entry))
  const startOne = async (entry: Entry): Promise<void> => {
    try {
      await lifecycle.start(entry, () => undefined)
    } catch (error) {
      // The network may come long after the host has booted.
      if (!isOfNetwork(error) || !(await whenAttached(entry))) throw error
      await lifecycle.start(entry, () => undefined)
    }
  }
  const starting = toStart.map((entry) => settle(entry, startOne(entry), 'autostart failed'))
  await Promise.all([...finishing, ...starting])
  // Last, so that a daemon that dies before is not the first since the boot.
  if (isFirst) await writeJson(bootFile, boot)
}

function isOfNetwork(error: unknown): boolean {
  return error instanceof UserError && error.data.name.startsWith('NET_')
}

/** Processes of ours whose record is gone. */
async function findOrphans(deps: VmDependencies): Promise<{ vm: VmId; pid: number }[]> {
  const folders = await readdir(join(deps.config.folders.runtime, 'vm')).catch(() => [])
  return folders.flatMap((name) => {
    const { success, data: id } = VmId.safeParse(name)
    if (!success || deps.table.get(id)) return []
    const process = deps.services.find({ id, pidFile: vmPaths(deps.config.folders, id).pidFile })
    return process ? [{ vm: id, pid: process.pid }] : []
  })
}
