/** Base images: qcow2 files without a backing file, never written to while a VM stands on them. */
import * as z from 'zod'
import { ImageName, Timestamp, VmId } from '../names.ts'
import { FirstBootWay } from './first-boot.ts'
import { method } from './method.ts'

export const ImageFirstBoot = z
  .object({
    way: FirstBootWay,
    toldBy: z
      .enum(['looked', 'said', 'assumed'])
      .describe('How that is known: the daemon looked into the image, somebody or the catalogue said so, or it is taken for likely'),
  })
  .meta({ id: 'ImageFirstBoot' })
export type ImageFirstBoot = z.infer<typeof ImageFirstBoot>

export const ImageSource = z
  .object({
    url: z.url().describe('Where it was pulled from, as it was asked for'),
    sha256: z.string().optional().describe('Of the file as it was downloaded'),
    sha512: z.string().optional(),
    verified: z.boolean().describe('Whether the digest was held against one that was published or given'),
    pulledAt: Timestamp,
  })
  .meta({ id: 'ImageSource' })
export type ImageSource = z.infer<typeof ImageSource>

export const Image = z
  .object({
    name: ImageName,
    virtualSizeMiB: z.int().describe('Size of the disk that a guest sees, rounded up').meta({ unit: 'MiB' }),
    fileBytes: z.int().describe('Size of the file').meta({ unit: 'bytes' }),
    modifiedAt: Timestamp,
    usedBy: z.array(VmId).describe('VMs that stand on it'),
    firstBoot: ImageFirstBoot,
    source: ImageSource.optional().describe('Of an image that was pulled'),
    problem: z.string().optional().describe('Why no VM can be made from it'),
  })
  .meta({ id: 'Image' })
export type Image = z.infer<typeof Image>

/** One image that is known by name; the file's URL and all that is known of it. */
export const CatalogueImage = z
  .object({
    name: ImageName,
    title: z.string(),
    url: z.string(),
    firstBoot: FirstBootWay,
    from: z.enum(['built-in', 'images.json']).describe("The program's own list, or the file in the configuration folder"),
  })
  .meta({ id: 'CatalogueImage' })
export type CatalogueImage = z.infer<typeof CatalogueImage>

const firstBoot = z
  .enum(['auto', 'nocloud', 'libguestfs'])
  .default('auto')
  .describe(
    'How guests are told what to do at their first boot; auto: look into the image for cloud-init and its like, if guestfish is installed',
  )

const hexDigest = (algorithm: string, digits: number): z.ZodString =>
  z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`)).describe(`${algorithm} of the file that is downloaded, ${digits} digits of 0-9 and a-f`)

const HttpUrl = z
  .string()
  .max(2048)
  .regex(/^https?:\/\/[^\s\0]+$/)

export const imageMethods = {
  'image.list': method({
    summary: 'List the base images',
    params: z.strictObject({}),
    result: z.object({ images: z.array(Image).describe('By name') }),
    errors: ['IMAGE_FOLDER_MISSING', 'PROGRAM_MISSING', 'HOST_IO'],
    access: 'observe',
    command: {
      words: ['image', 'list'],
      table: { rows: 'images', columns: ['name', 'virtualSizeMiB', 'fileBytes', 'usedBy', 'firstBoot', 'problem'] },
    },
  }),
  'image.import': method({
    summary: 'Copy a qcow2 or raw disk of this host into the image folder',
    description:
      'The file, also one that is packed by gzip, xz or zstd, is checked by qemu-img and copied as one qcow2 without a backing file. ' +
      'Refused: damaged files, other formats, and files that refer to a backing or data file outside the image folder.',
    params: z.strictObject({
      path: z
        .string()
        .min(1)
        .max(4095)
        .regex(/^\/[^\0]*$/)
        .describe('Absolute path of the file, readable by the daemon')
        .meta({ hostPath: true }),
      name: ImageName.optional().describe("The image's name; the file's without its ending where not said"),
      firstBoot,
    }),
    result: Image,
    errors: ['IMAGE_NAME_TAKEN', 'IMAGE_INVALID', 'IMAGE_UNSAFE', 'IMAGE_TOO_LARGE', 'IMAGE_FOLDER_MISSING', 'IMAGE_SOURCE_UNREADABLE', 'NO_SPACE', 'PROGRAM_MISSING', 'HOST_IO'],
    access: 'control',
    progress: true,
    command: { words: ['image', 'import'], args: ['path'] },
  }),
  'image.pull': method({
    summary: 'Download an image, by its URL or by its name in the catalogue',
    description:
      'Only a file whose digest is known is taken: the one that is given, or one that is published beside the file (SHA256SUMS, ' +
      'SHA512SUMS, or the URL with .sha256 or .sha512 behind it), unless `unverified` is said. Then it is checked as image.import ' +
      'checks. A download that was cut short, also by an end of the daemon, is gone on with by the next pull of the same URL.',
    params: z.strictObject({
      source: z.string().min(1).max(2048).describe('An http or https URL, or a name of the catalogue'),
      name: ImageName.optional().describe("The image's name; that of the catalogue, or the file's without its ending, where not said"),
      sha256: hexDigest('SHA-256', 64).optional(),
      sha512: hexDigest('SHA-512', 128).optional(),
      checksums: HttpUrl.optional().describe('URL of the list of digests that names the file, as sha256sum or its BSD like print it, signed or not'),
      unverified: z.boolean().default(false).describe('Take the file without anything to hold it against'),
      limitMiB: z
        .int()
        .min(1)
        .max(67_108_864)
        .default(16_384)
        .describe('The most to download, and the most that it may unpack to')
        .meta({ unit: 'MiB' }),
      firstBoot,
    }),
    result: Image,
    errors: ['IMAGE_NAME_TAKEN', 'IMAGE_INVALID', 'IMAGE_UNSAFE', 'IMAGE_FOLDER_MISSING', 'IMAGE_PULL_FAILED', 'IMAGE_PULL_BUSY', 'IMAGE_PULL_STOPPED', 'IMAGE_URL_REFUSED', 'IMAGE_DIGEST_MISSING', 'IMAGE_DIGEST_WRONG', 'IMAGE_TOO_LARGE', 'IMAGE_NOT_IN_CATALOGUE', 'IMAGE_CATALOGUE_BROKEN', 'NO_SPACE', 'PROGRAM_MISSING', 'HOST_IO'],
    access: 'control',
    progress: true,
    command: { words: ['image', 'pull'], args: ['source'] },
  }),
  'image.catalogue': method({
    summary: 'List the images that can be pulled by name',
    description: 'Those that the program knows, and those of images.json in the configuration folder, which go before them.',
    params: z.strictObject({}),
    result: z.object({ images: z.array(CatalogueImage).describe('By name') }),
    errors: ['IMAGE_CATALOGUE_BROKEN', 'HOST_IO'],
    access: 'observe',
    command: { words: ['image', 'catalogue'], table: { rows: 'images', columns: ['name', 'title', 'firstBoot', 'from', 'url'] } },
  }),
  'image.set': method({
    summary: 'Say how the guests of an image are told what to do at their first boot',
    params: z.strictObject({ image: ImageName, firstBoot: FirstBootWay }),
    result: Image,
    errors: ['IMAGE_NOT_FOUND', 'IMAGE_FOLDER_MISSING', 'PROGRAM_MISSING', 'NO_SPACE', 'HOST_IO'],
    access: 'control',
    command: { words: ['image', 'set'], args: ['image'] },
  }),
  'image.delete': method({
    summary: 'Delete a base image that no VM stands on',
    description: 'One that is being pulled is given up, and what has come of it removed.',
    params: z.strictObject({ image: ImageName }),
    result: z.object({ name: ImageName }),
    errors: ['IMAGE_NOT_FOUND', 'IMAGE_IN_USE', 'IMAGE_FOLDER_MISSING', 'HOST_IO'],
    access: 'control',
    command: { words: ['image', 'delete'], args: ['image'] },
  }),
}
