/** A value of a result as text, by the name of its property: the contract's names end in their unit. */
import { formatQuantity } from '../quantity.ts'
import { escapeControls } from './escape.ts'

const units = { MiB: 'MiB', Bytes: 'bytes', Seconds: 's' } as const

/** `memoryMiB` -> `memory`, `usedBy` -> `used by`. */
export function labelOf(property: string): string {
  const bare = property.replace(/(MiB|Bytes|Seconds)$/, '')
  return bare.replace(/[A-Z]/g, (capital) => ` ${capital.toLowerCase()}`)
}

/** One line for a cell of a table. Nothing is an empty text. */
export function formatCell(property: string, value: unknown): string {
  if (Array.isArray(value)) return value.map((item: unknown) => formatItem(item, false)).join(', ')
  return formatScalar(property, value)
}

/** The lines of a fact: a list has one for each item. */
export function formatFact(property: string, value: unknown): string[] {
  if (Array.isArray(value)) return value.map((item: unknown) => formatItem(item, true))
  return [formatScalar(property, value)]
}

function formatScalar(property: string, value: unknown): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'number') {
    const unit = Object.entries(units).find(([suffix]) => property.endsWith(suffix))?.[1]
    return unit ? formatQuantity(value, unit) : String(value)
  }
  return typeof value === 'string' ? escapeControls(value) : formatItem(value, true)
}

/** A guest's address is known by its shape; of any other structure the values are told, with the names of those that are lists or hold. */
function formatItem(item: unknown, full: boolean): string {
  if (Array.isArray(item)) return formatCell('', item)
  if (typeof item !== 'object' || item === null) return formatScalar('', item)
  const row = item as Readonly<Record<string, unknown>>
  if (typeof row['address'] === 'string' && typeof row['prefixLength'] === 'number') {
    const address = escapeControls(row['address'])
    return full ? `${address}/${row['prefixLength']} (${formatScalar('', row['interface'])})` : address
  }
  const parts = Object.entries(row).map(([property, value]) => {
    if (typeof value === 'boolean') return value ? labelOf(property) : ''
    if (!Array.isArray(value)) return formatScalar(property, value)
    return value.length === 0 ? '' : `${labelOf(property)} ${formatCell(property, value)}`
  })
  return parts.filter(Boolean).join(' ')
}
