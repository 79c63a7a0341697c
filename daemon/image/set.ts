/** Says of an image what nobody could find out, or what was found out wrongly. */
import type { FirstBootWay } from '../../policy/api/first-boot.ts'
import type { ImageName } from '../../policy/names.ts'
import type { Queues } from '../vm/queue.ts'
import { readRecord, removeRecord, writeRecord } from './record.ts'
import type { ImageStore, StoredImage } from './store.ts'

/**
 * A record that cannot be read is written anew, without what it held. Throws UserError IMAGE_NOT_FOUND,
 * IMAGE_FOLDER_MISSING.
 */
export async function setFirstBoot(store: ImageStore, turns: Queues<ImageName>, name: ImageName, way: FirstBootWay): Promise<StoredImage> {
  return await turns.run(name, async () => {
    await store.find(name)
    const { source } = (await readRecord(store.folder, name).catch(() => undefined)) ?? {}
    await writeRecord(store.folder, name, { version: 1, firstBoot: { way, toldBy: 'said' }, ...(source && { source }) })
    try {
      return await store.find(name)
    } catch (error) {
      // Deleted meanwhile.
      await removeRecord(store.folder, name)
      throw error
    }
  })
}
