/** Base images: qcow2 files without a backing file, never written to while a VM stands on them. */
import * as z from 'zod'
import { ImageName, Timestamp, VmId } from '../names.ts'
import { method } from './method.ts'

export const Image = z
  .object({
    name: ImageName,
    virtualSizeMiB: z.int().describe('Size of the disk that a guest sees, rounded up').meta({ unit: 'MiB' }),
    fileBytes: z.int().describe('Size of the file').meta({ unit: 'bytes' }),
    modifiedAt: Timestamp,
    usedBy: z.array(VmId).describe('VMs that stand on it'),
    problem: z.string().optional().describe('Why no VM can be made from it'),
  })
  .meta({ id: 'Image' })
export type Image = z.infer<typeof Image>

export const imageMethods = {
  'image.list': method({
    summary: 'List the base images',
    params: z.strictObject({}),
    result: z.object({ images: z.array(Image).describe('By name') }),
    errors: ['IMAGE_FOLDER_MISSING', 'PROGRAM_MISSING', 'HOST_IO'],
    access: 'observe',
    command: {
      words: ['image', 'list'],
      table: { rows: 'images', columns: ['name', 'virtualSizeMiB', 'fileBytes', 'usedBy', 'problem'] },
    },
  }),
  'image.import': method({
    summary: 'Copy a qcow2 or raw disk of this host into the image folder',
    description:
      'The file is checked by qemu-img and copied as one qcow2 without a backing file. Refused: damaged files, other ' +
      'formats, and files that refer to a backing or data file outside the image folder.',
    params: z.strictObject({
      path: z
        .string()
        .min(1)
        .max(4095)
        .regex(/^\/[^\0]*$/)
        .describe('Absolute path of the file, readable by the daemon')
        .meta({ hostPath: true }),
      name: ImageName.optional().describe("The image's name; the file's without its ending where not said"),
    }),
    result: Image,
    errors: ['IMAGE_NAME_TAKEN', 'IMAGE_INVALID', 'IMAGE_UNSAFE', 'IMAGE_FOLDER_MISSING', 'IMAGE_SOURCE_UNREADABLE', 'NO_SPACE', 'PROGRAM_MISSING', 'HOST_IO'],
    access: 'control',
    progress: true,
    command: { words: ['image', 'import'], args: ['path'] },
  }),
  'image.delete': method({
    summary: 'Delete a base image that no VM stands on',
    params: z.strictObject({ image: ImageName }),
    result: z.object({ name: ImageName }),
    errors: ['IMAGE_NOT_FOUND', 'IMAGE_IN_USE', 'IMAGE_FOLDER_MISSING', 'HOST_IO'],
    access: 'control',
    command: { words: ['image', 'delete'], args: ['image'] },
  }),
}
