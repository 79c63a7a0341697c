/** Gives a VM that is being made what it is to do at its first boot. */
import { existsSync } from 'node:fs'
import { UserError } from '../../policy/errors.ts'
import { readJson, writeJson } from '../state/file.ts'
import type { VmDependencies, Report } from '../vm/dependencies.ts'
import type { Entry } from '../vm/table.ts'
import { writeIntoDisk } from './into-disk.ts'
import { composeRequest, FirstBootRequest, type FirstBootParams } from './request.ts'
import { makeSeed } from './seed.ts'

/** For a VM whose disk is there and that does not run yet. Throws PROGRAM_MISSING, NO_SPACE, HOST_IO, FIRST_BOOT_FAILED. */
export async function giveFirstBoot(deps: Pick<VmDependencies, 'accelerator'>, entry: Entry, params: FirstBootParams, report: Report): Promise<void> {
  const way = entry.record.firstBoot?.via
  if (way === undefined) return
  const request = composeRequest(entry.record, params)
  await writeJson(entry.paths.firstBoot, request)
  if (way === 'nocloud') return await makeSeed(entry.paths.seed, request)
  const { kind } = await deps.accelerator()
  report('writing into the disk')
  await writeIntoDisk({ disk: entry.paths.disk, request, accelerator: kind })
}

/** Has the seed of a VM be there, should it have gone astray. Throws what {@link giveFirstBoot} throws. */
export async function keepSeed(entry: Entry): Promise<void> {
  if (entry.record.firstBoot?.via !== 'nocloud' || existsSync(entry.paths.seed)) return
  await makeSeed(entry.paths.seed, await readFirstBoot(entry))
}

/** What a VM was given. Throws FIRST_BOOT_FAILED where that cannot be read. */
export async function readFirstBoot(entry: Entry): Promise<FirstBootRequest> {
  const { data, error } = FirstBootRequest.safeParse(await readJson(entry.paths.firstBoot).catch(() => undefined))
  if (data) return data
  throw new UserError('FIRST_BOOT_FAILED', `${entry.paths.firstBoot} cannot be read: ${error.issues[0]?.message ?? 'it does not fit'}`, {
    hint: 'The daemon wrote it when the VM was made; put it back',
  })
}
