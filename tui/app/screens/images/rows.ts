/** PURE: which images are shown: first those that this client is bringing in, then those that are there, by name. */
import type { Image } from '../../../../policy/api/image.ts'
import { filterRows } from '../../model/filter.ts'
import type { ImagesView } from '../../model/views.ts'
import type { Operation, World } from '../../model/world.ts'

export type ImageRow = { readonly key: string; readonly name: string } & ({ readonly image: Image } | { readonly operation: Operation })

const bringing: ReadonlySet<string> = new Set(['image.pull', 'image.build', 'image.import'])

/** The same array as long as nothing that it depends on has changed. */
export function createImageRows(): (view: ImagesView, world: World) => readonly ImageRow[] {
  let last: { images: World['images']; operations: World['operations']; filter: string; rows: readonly ImageRow[] } | undefined
  return ({ list: { filter } }, { images, operations }) => {
    if (last?.images === images && last.operations === operations && last.filter === filter) return last.rows
    const rows = filterRows([...operations.filter(({ method }) => bringing.has(method)).map(rowOfOperation), ...(images.items ?? []).map(rowOfImage)], filter, shownOf)
    last = { images, operations, filter, rows }
    return rows
  }
}

function rowOfOperation(operation: Operation): ImageRow {
  return { key: `operation ${operation.id}`, name: operation.subject ?? '', operation }
}

function rowOfImage(image: Image): ImageRow {
  return { key: image.name, name: image.name, image }
}

function shownOf(row: ImageRow): string[] {
  return [row.name, ...('image' in row ? [row.image.firstBoot.way, sourceOf(row.image), row.image.source?.url ?? ''] : [])]
}

/** Where it came from, in a few words. */
export function sourceOf({ source }: Image): string {
  if (!source) return 'this host'
  const host = URL.parse(source.url)?.host ?? source.url
  return source.verified ? host : `unverified, ${host}`
}
