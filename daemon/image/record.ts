/**
 * What is known of an image besides its file: `NAME.json` beside `NAME.qcow2`. The file is the image; a record without one
 * means nothing, and an image without a record is an image.
 */
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { FirstBootWay } from '../../policy/api/first-boot.ts'
import { ImageSource } from '../../policy/api/image.ts'
import { UserError } from '../../policy/errors.ts'
import { ImageName } from '../../policy/names.ts'
import { readJson, writeJson } from '../state/file.ts'

const ImageRecord = z.strictObject({
  version: z.literal(1),
  firstBoot: z.strictObject({ way: FirstBootWay, toldBy: z.enum(['looked', 'said']) }).optional(),
  source: z.strictObject(ImageSource.shape).optional(),
})
export type ImageRecord = z.infer<typeof ImageRecord>

const ENDING = '.json'

function recordPath(folder: string, name: ImageName): string {
  return join(folder, name + ENDING)
}

/** `undefined` where there is none. Throws UserError IMAGE_RECORD_BROKEN. */
export async function readRecord(folder: string, name: ImageName): Promise<ImageRecord | undefined> {
  const path = recordPath(folder, name)
  let content: unknown
  try {
    content = await readJson(path)
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
    throw broken(path, name, 'it is no JSON', cause)
  }
  if (content === undefined) return undefined
  const result = ImageRecord.safeParse(content)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw broken(path, name, `${issue?.path.join('.') || 'its content'}: ${issue?.message ?? 'unknown'}`, result.error)
}

function broken(path: string, name: string, why: string, cause: unknown): UserError {
  return new UserError('IMAGE_RECORD_BROKEN', `${path} cannot be used: ${why}`, {
    field: 'image',
    hint: `Say what it would: aetherscale image set ${name} --first-boot nocloud; or remove the file`,
    cause,
  })
}

/** Whole or not at all. Two writers of one image must take turns. */
export async function writeRecord(folder: string, name: ImageName, record: ImageRecord): Promise<void> {
  await writeJson(recordPath(folder, name), record)
}

export async function removeRecord(folder: string, name: ImageName): Promise<void> {
  await rm(recordPath(folder, name), { force: true })
}

/**
 * Removes records whose image is gone, or never came: the daemon was killed between the two. A file that is no record of
 * ours is somebody else's, and stays.
 */
export async function removeStrayRecords(folder: string): Promise<void> {
  for (const file of await readdir(folder).catch(() => [])) {
    // writeJson in state/file.ts
    if (/^\.[A-Za-z0-9][A-Za-z0-9._-]*\.json\.pending$/.test(file)) await rm(join(folder, file), { force: true })
    const name = ImageName.safeParse(file.endsWith(ENDING) ? file.slice(0, -ENDING.length) : undefined)
    if (!name.success || (await stat(join(folder, `${name.data}.qcow2`)).catch(() => undefined))) continue
    if (await readRecord(folder, name.data).catch(() => undefined)) await removeRecord(folder, name.data)
  }
}
