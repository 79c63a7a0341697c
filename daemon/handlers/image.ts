/** Handlers of base images. */
import type { imageMethods } from '../../policy/api/image.ts'
import type { Params, Result } from '../../policy/api/index.ts'
import type { ImageName, VmId } from '../../policy/names.ts'
import type { Look } from '../image/admit.ts'
import { readCatalogue, requireEntry } from '../image/catalogue.ts'
import { deleteImage } from '../image/delete.ts'
import { importImage } from '../image/import.ts'
import type { Digest } from '../image/pull/checksums.ts'
import { usualPace } from '../image/pull/pace.ts'
import { pullImage, type PullRequest } from '../image/pull/pull.ts'
import { createUnderWay } from '../image/pull/under-way.ts'
import { setFirstBoot } from '../image/set.ts'
import type { StoredImage } from '../image/store.ts'
import type { Handlers } from '../rpc/handler.ts'
import type { VmDependencies } from '../vm/dependencies.ts'
import { createQueues } from '../vm/queue.ts'

export function imageHandlers({ table, images, events, config }: VmDependencies, look: Look): Pick<Handlers, keyof typeof imageMethods> {
  const turns = createQueues<ImageName>()
  const underWay = createUnderWay()

  /** A VM whose record cannot be read may stand on any image. */
  const usedBy = (name: ImageName): VmId[] => [
    ...[...table.entries()].filter(({ record }) => record.image === name).map(({ id }) => id),
    ...[...table.broken].filter(([, { image = name }]) => image === name).map(([id]) => id),
  ]

  const viewImage = ({ name, virtualSizeMiB, fileBytes, modifiedAt, firstBoot, source, problem }: StoredImage): Result<'image.import'> => ({
    name,
    virtualSizeMiB,
    fileBytes,
    modifiedAt: modifiedAt.toISOString(),
    usedBy: usedBy(name),
    firstBoot,
    ...(source && { source }),
    ...(problem && { problem: problem.message }),
  })

  return {
    'image.list': async () => ({ images: (await images.list()).map(viewImage) }),
    'image.import': async ({ path, name, firstBoot }, { progress }) => {
      const image = await importImage(images, look, { path, name, firstBoot, report: progress })
      events.emit({ kind: 'image.imported', image: image.name })
      return viewImage(image)
    },
    'image.pull': async (params, { progress }) => {
      const request = await resolveSource(config.folders.config, params)
      const image = await pullImage({ store: images, look, pace: usualPace, underWay }, { ...request, report: progress })
      events.emit({ kind: 'image.pulled', image: image.name })
      return viewImage(image)
    },
    'image.catalogue': async () => ({
      images: Array.from(await readCatalogue(config.folders.config), ([name, { title, url, firstBoot, from }]) => ({ name, title, url, firstBoot, from })),
    }),
    'image.set': async ({ image, firstBoot }) => viewImage(await setFirstBoot(images, turns, image, firstBoot)),
    'image.delete': async ({ image }) => {
      // It may have come to its end all the same.
      const isGivenUp = await underWay.giveUp(image)
      if (isGivenUp && !(await images.has(image))) return { name: image }
      await deleteImage(images, image, () => usedBy(image))
      events.emit({ kind: 'image.deleted', image })
      return { name: image }
    },
  }
}

/** What is said goes before what the catalogue says. */
async function resolveSource(configFolder: string, params: Params<'image.pull'>): Promise<Omit<PullRequest, 'report'>> {
  const { source, name, checksums, unverified, limitMiB, firstBoot } = params
  const limits = { unverified, limitBytes: limitMiB * 2 ** 20 }
  const digest = digestOf(params)
  if (source.includes('://')) return { ...limits, url: source, name, digest, checksums, firstBoot }
  const entry = requireEntry(await readCatalogue(configFolder), source)
  return {
    ...limits,
    url: entry.url,
    name: name ?? (source as ImageName),
    digest: digest ?? (checksums === undefined ? digestOf(entry) : undefined),
    checksums: checksums ?? entry.checksums,
    firstBoot: firstBoot === 'auto' ? entry.firstBoot : firstBoot,
  }
}

function digestOf({ sha256, sha512 }: { readonly sha256?: string | undefined; readonly sha512?: string | undefined }): Digest | undefined {
  if (sha512 !== undefined) return { algorithm: 'sha512', hex: sha512 }
  return sha256 === undefined ? undefined : { algorithm: 'sha256', hex: sha256 }
}
