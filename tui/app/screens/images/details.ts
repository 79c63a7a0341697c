/** PURE: what there is to say about one image, or one that is on its way. */
import type { Image, ImageFirstBoot } from '../../../../policy/api/image.ts'
import { formatBytes, formatQuantity } from '../../../cli/quantity.ts'
import type { World } from '../../model/world.ts'
import { formatDay } from '../../text/ago.ts'
import type { Line } from '../../text/line.ts'
import { nameOf } from '../vms/rows.ts'
import type { ImageRow } from './rows.ts'

/** Lines of the details of any row. */
export const DETAIL_LINES = 3

export function detailsOf(row: ImageRow, world: World): Line[] {
  if ('operation' in row) return [[{ text: row.operation.message ?? 'begun' }], [{ text: fateOf(row.operation.method) }]]
  const { image } = row
  const size = `Disk ${formatQuantity(image.virtualSizeMiB, 'MiB')}, file ${formatBytes(image.fileBytes)} of ${formatDay(image.modifiedAt)}`
  return [
    image.problem === undefined ? [{ text: `${size}; first boot ${describeWay(image.firstBoot)}` }] : [{ text: image.problem, meaning: 'error' }],
    [{ text: image.usedBy.length === 0 ? 'No VM stands on it' : `VMs on it: ${namesOf(image.usedBy, world).join(', ')}` }],
    [{ text: describeSource(image) }],
  ]
}

/** What becomes of it without this client. */
function fateOf(method: string): string {
  if (method === 'image.build') return 'Ends when you leave'
  return `Goes on in the daemon when you leave${method === 'image.pull' ? '; d gives it up' : ''}`
}

export function namesOf(ids: readonly string[], { vms }: World): string[] {
  return ids.map((id) => {
    const vm = vms?.get(id)
    return vm ? nameOf(vm) : id
  })
}

function describeWay({ way, toldBy }: ImageFirstBoot): string {
  const how = { looked: 'as found in it', said: 'as said', assumed: 'as is likely' }[toldBy]
  return `by ${way}, ${how}`
}

/** What was checked goes before where it is from: a URL may be longer than the line. The digest's beginning is enough to compare by eye. */
function describeSource(image: Image): string {
  const { source } = image
  if (!source) return 'Imported or built on this host'
  const [algorithm, digest] = source.sha512 === undefined ? ['sha256', source.sha256] : ['sha512', source.sha512]
  const known = digest === undefined ? '' : ` (${algorithm} ${digest.slice(0, 12)})`
  return `${source.verified ? 'Verified' : 'Not verified'}${known}, pulled on ${formatDay(source.pulledAt)} from ${source.url}`
}
