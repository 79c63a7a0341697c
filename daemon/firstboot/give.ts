/** Gives a VM that is being made what it is to do at its first boot. */
import { existsSync } from 'node:fs'
import { UserError } from '../../policy/errors.ts'
import type { StoredImage } from '../image/store.ts'
import { readJson, writeJson } from '../state/file.ts'
import type { Report, VmDependencies } from '../vm/dependencies.ts'
import type { Entry } from '../vm/table.ts'
import { writeIntoDisk } from './into-disk.ts'
import { FirstBootRequest, type FirstBootRecord } from './request.ts'
import { makeSeed } from './seed.ts'

/**
 * For a VM whose disk is there and that does not run yet; does nothing where its record has no first boot. Throws
 * PROGRAM_MISSING, NO_SPACE, HOST_IO, FIRST_BOOT_FAILED.
 */
export async function giveFirstBoot(deps: Pick<VmDependencies, 'accelerator'>, { record, paths }: Entry, request: FirstBootRequest, report: Report): Promise<void> {
  if (!record.firstBoot) return
  await writeJson(paths.firstBoot, request)
  if (record.firstBoot.via === 'nocloud') return request.isCopy ? undefined : await makeSeed(paths.seed, request)
  const { kind } = await deps.accelerator()
  report('writing into the disk')
  await writeIntoDisk({ folder: paths.configFolder, disk: paths.disk, request, accelerator: kind })
}

/** Has the seed of a VM be there when it is started: a clone has none yet, and another may have gone astray. Throws what {@link giveFirstBoot} throws. */
export async function keepSeed(entry: Entry): Promise<void> {
  if (entry.record.firstBoot?.via !== 'nocloud' || existsSync(entry.paths.seed)) return
  await makeSeed(entry.paths.seed, await readFirstBoot(entry))
}

/** PURE: how the clone of a VM is told who it is. What the VM has done already is on the disk. */
export function recordForClone({ record, init }: Pick<Entry, 'record' | 'init'>, image: Pick<StoredImage, 'firstBoot'>): FirstBootRecord {
  const { via = image.firstBoot.way, isTold = false } = record.firstBoot ?? {}
  return { via, isTold: isTold && init?.told.kind === 'nothing' }
}

/** What the clone of a VM is told: that it is another machine, and what the VM itself has not begun to do. */
export async function requestForClone(source: Entry, { record }: Entry): Promise<FirstBootRequest> {
  const { initScript, userData, sshKeys = [] } = source.record.firstBoot ? await readFirstBoot(source) : {}
  return {
    version: 1,
    instanceId: record.id,
    isCopy: true,
    hostname: record.name ?? record.id,
    macs: record.networks.map(({ mac }) => mac),
    // Written into the disk, they are in it.
    sshKeys: record.firstBoot?.via === 'nocloud' ? sshKeys : [],
    ...(record.firstBoot?.isTold && { initScript, userData }),
  }
}

async function readFirstBoot({ paths }: Entry): Promise<FirstBootRequest> {
  const { data, error } = FirstBootRequest.safeParse(await readJson(paths.firstBoot).catch(() => undefined))
  if (data) return data
  throw new UserError('FIRST_BOOT_FAILED', `${paths.firstBoot} cannot be read: ${error.issues[0]?.message ?? 'it does not fit'}`, {
    hint: 'The daemon wrote it when the VM was made; put it back',
  })
}
