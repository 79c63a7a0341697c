/** Removes a base image that no VM stands on. */
import { unlinkSync } from 'node:fs'
import { UserError } from '../../policy/errors.ts'
import type { ImageName, VmId } from '../../policy/names.ts'
import { removeRecord } from './record.ts'
import type { ImageStore } from './store.ts'

/**
 * Throws IMAGE_IN_USE, IMAGE_NOT_FOUND, IMAGE_FOLDER_MISSING. `usedBy` is asked in the same turn as the file goes, so that
 * a VM made meanwhile is either seen here or finds no image.
 */
export async function deleteImage(store: ImageStore, name: ImageName, usedBy: () => readonly VmId[]): Promise<void> {
  const { path } = await store.find(name)
  const users = usedBy()
  if (users.length > 0) {
    throw new UserError('IMAGE_IN_USE', `Image "${name}" has ${users.length} VM${users.length > 1 ? 's' : ''} on it: ${users.slice(0, 8).join(', ')}`, {
      field: 'image',
      hint: 'Delete these VMs first',
    })
  }
  unlinkSync(path)
  // After the image: a record alone means nothing.
  await removeRecord(store.folder, name)
}
