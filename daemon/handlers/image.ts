/** Handlers of base images. */
import type { imageMethods } from '../../policy/api/image.ts'
import type { Result } from '../../policy/api/index.ts'
import type { ImageName, VmId } from '../../policy/names.ts'
import { deleteImage } from '../image/delete.ts'
import { importImage } from '../image/import.ts'
import type { StoredImage } from '../image/store.ts'
import type { Handlers } from '../rpc/handler.ts'
import type { VmDependencies } from '../vm/dependencies.ts'

export function imageHandlers({ table, images, events }: VmDependencies): Pick<Handlers, keyof typeof imageMethods> {
  /** A VM whose record cannot be read may stand on any image. */
  const usedBy = (name: ImageName): VmId[] => [
    ...[...table.entries()].filter(({ record }) => record.image === name).map(({ id }) => id),
    ...[...table.broken].filter(([, { image = name }]) => image === name).map(([id]) => id),
  ]

  const viewImage = ({ name, virtualSizeMiB, fileBytes, modifiedAt, problem }: StoredImage): Result<'image.import'> => ({
    name,
    virtualSizeMiB,
    fileBytes,
    modifiedAt: modifiedAt.toISOString(),
    usedBy: usedBy(name),
    ...(problem && { problem: problem.message }),
  })

  return {
    'image.list': async () => ({ images: (await images.list()).map(viewImage) }),
    'image.import': async ({ path, name }, { progress }) => {
      const image = await importImage(images, { path, name, report: progress })
      events.emit({ kind: 'image.imported', image: image.name })
      return viewImage(image)
    },
    'image.delete': async ({ image }) => {
      await deleteImage(images, image, () => usedBy(image))
      events.emit({ kind: 'image.deleted', image })
      return { name: image }
    },
  }
}
