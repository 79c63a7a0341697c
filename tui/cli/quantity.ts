/** Sizes and times as people write them. Powers of 1024 throughout, with or without the `i`: `2G` is `2GiB`. */
import type { Unit } from './command-table.ts'

const BYTES: Readonly<Record<string, number>> = { b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 }
const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }

/** Reads a quantity into the unit of the contract; a bare number is in that unit. `undefined` if it is none. */
export function parseQuantity(text: string, unit: Unit): number | undefined {
  return unit === 's' ? parseSeconds(text) : parseSize(text, unit)
}

/** What a quantity may look like, for messages. */
export function quantityForm(unit: Unit): string {
  if (unit === 's') return 'a time: 90, 90s, 5m, 1h30m'
  return unit === 'MiB' ? 'a size: 512, 512M, 2G, 2GiB' : 'a size: 4096, 64K, 1M'
}

/** Prints a quantity in the largest unit that it is a whole number of. */
export function formatQuantity(value: number, unit: Unit): string {
  if (unit === 's') return formatSeconds(value)
  return formatBytes(unit === 'MiB' ? value * 2 ** 20 : value)
}

function parseSize(text: string, unit: 'MiB' | 'bytes'): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(?:([kmgt])(?:i?b)?|(b))?$/i.exec(text)
  if (!match) return undefined
  const [, number, letter = match[3]] = match
  const one = unit === 'MiB' ? 2 ** 20 : 1
  const value = letter === undefined ? Number(number) : (Number(number) * BYTES[letter.toLowerCase()]!) / one
  return Number.isSafeInteger(value) ? value : undefined
}

function parseSeconds(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text)
  if (!/^(\d+[smhd])+$/.test(text)) return undefined
  let seconds = 0
  for (const [, number, letter] of text.matchAll(/(\d+)([smhd])/g)) seconds += Number(number) * SECONDS[letter!]!
  return seconds
}

/** Bytes in binary units; at most one decimal, which is cut and not rounded up: a file is never smaller than said. */
export function formatBytes(bytes: number): string {
  const names = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let power = 0
  let value = bytes
  while (value >= 1024 && power < names.length - 1) {
    value /= 1024
    power++
  }
  return `${Number.isInteger(value) ? value : Math.floor(value * 10) / 10} ${names[power]}`
}

function formatSeconds(seconds: number): string {
  const whole = Math.floor(seconds)
  const parts = [
    [Math.floor(whole / 86_400), 'd'],
    [Math.floor(whole / 3600) % 24, 'h'],
    [Math.floor(whole / 60) % 60, 'm'],
    [whole % 60, 's'],
  ].filter(([count]) => count !== 0)
  return parts.length === 0 ? '0s' : parts.map(([count, letter]) => `${count}${letter}`).join(' ')
}
