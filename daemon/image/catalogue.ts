/** Images that can be pulled by name: those that the program knows, and before them those of the user's `images.json`. */
import { join } from 'node:path'
import * as z from 'zod'
import { FirstBootWay } from '../../policy/api/first-boot.ts'
import type { CatalogueImage } from '../../policy/api/image.ts'
import { UserError } from '../../policy/errors.ts'
import { ImageName } from '../../policy/names.ts'
import { readJson } from '../state/file.ts'
import builtIn from './catalogue.json' with { type: 'json' }

const HttpUrl = z.string().regex(/^https?:\/\/(?![^/]*@)\S+$/, 'must be an http or https URL, without a password')

/** One image of the catalogue. Without digest or list, the usual places beside the file are looked at. */
const Entry = z.strictObject({
  title: z.string().min(1).max(200),
  url: HttpUrl,
  checksums: HttpUrl.optional(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 digits of 0-9 and a-f').optional(),
  sha512: z.string().regex(/^[0-9a-f]{128}$/, 'must be 128 digits of 0-9 and a-f').optional(),
  firstBoot: FirstBootWay.default('nocloud'),
})
export type CatalogueEntry = z.infer<typeof Entry> & Pick<CatalogueImage, 'from'>

const Entries = z.record(ImageName, Entry)
const FILE = 'images.json'

/** All by name, read anew each time. Throws UserError IMAGE_CATALOGUE_BROKEN, which names the field. */
export async function readCatalogue(configFolder: string): Promise<ReadonlyMap<ImageName, CatalogueEntry>> {
  const known = toList(Entries.parse(builtIn), 'built-in')
  const own = toList(await readOwn(join(configFolder, FILE)), FILE)
  return new Map([...known, ...own].sort(([a], [b]) => (a < b ? -1 : 1)))
}

function toList(entries: z.infer<typeof Entries>, from: CatalogueImage['from']): [ImageName, CatalogueEntry][] {
  return Object.entries(entries).map(([name, entry]) => [name as ImageName, { ...entry, from }])
}

async function readOwn(path: string): Promise<z.infer<typeof Entries>> {
  let content: unknown
  try {
    content = await readJson(path)
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
    throw broken(path, `it is no JSON: ${cause.message}`, undefined, cause)
  }
  const result = Entries.safeParse(content ?? {})
  if (result.success) return result.data
  const [issue] = result.error.issues
  const field = issue?.path.join('.') ?? ''
  throw broken(path, `${field || 'its content'}: ${issue?.message ?? 'unknown'}`, field, result.error)
}

function broken(path: string, why: string, field: string | undefined, cause: unknown): UserError {
  return new UserError('IMAGE_CATALOGUE_BROKEN', `${path} cannot be used: ${why}`, {
    ...(field && { field }),
    hint: 'It is {"NAME": {"title", "url", "checksums", "sha256", "sha512", "firstBoot"}}; title and url are needed',
    cause,
  })
}

/** Throws UserError IMAGE_NOT_IN_CATALOGUE. */
export function requireEntry(catalogue: ReadonlyMap<string, CatalogueEntry>, name: string): CatalogueEntry {
  const entry = catalogue.get(name)
  if (entry) return entry
  throw new UserError('IMAGE_NOT_IN_CATALOGUE', `The catalogue has no image "${name}", and that is no URL`, {
    field: 'source',
    hint: 'image.catalogue lists the names; a URL begins with https:// or http://',
  })
}
