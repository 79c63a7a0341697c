/** One word of the command line -> a value of the contract. */
import { resolve } from 'node:path'
import type { Field, Json, Shape, Variant } from './command-table.ts'
import { findNearest } from './nearest.ts'
import { formatQuantity, parseQuantity, quantityForm } from './quantity.ts'
import { UsageError } from './usage-error.ts'

/** Where the command line is read. */
export interface Place {
  /** Asked for only where a path is given: the working directory of a process can be gone. */
  readonly cwd: () => string
  /** The bytes of a file, `-` for stdin. Throws the file system's error. */
  readonly readFile: (path: string) => Uint8Array
}

/**
 * Reads what was given for an option or a positional.
 *
 * @param name what messages call it: `--memory`, `IMAGE`
 * @param place where files are, and what a relative path is relative to: the daemon's working directory is another
 */
export function readValue(text: string, shape: Shape, name: string, place: Place): Json {
  switch (shape.kind) {
    case 'string':
      return text
    case 'path':
      if (text === '') throw new UsageError(`${name}: a path cannot be empty`)
      return resolve(place.cwd(), text)
    case 'text':
      return readText(text, name, place)
    case 'integer':
      return readInteger(text, shape, name)
    case 'boolean':
      return readBoolean(text, name)
    case 'choice':
      if (shape.choices.includes(text)) return text
      throw new UsageError(`${name} is ${listChoices(shape.choices)}, not ${quote(text)}`, suggest(text, shape.choices))
    case 'variants':
      return readVariant(text, shape, name, place)
    case 'list':
      return readValue(text, shape.items, name, place)
  }
}

/** Reads all that was given for a list: each word one item; `none` alone is the empty list where items are structures. */
export function readList(texts: readonly string[], items: Shape, name: string, place: Place): Json[] {
  if (items.kind === 'variants' && texts.includes('none')) {
    if (texts.length === 1) return []
    throw new UsageError(`${name} none stands alone`)
  }
  return texts.map((text) => readValue(text, items, name, place))
}

/** "did you mean …?", where one of the candidates is near. */
export function suggest(typed: string, candidates: readonly string[], prefix = ''): string | undefined {
  const nearest = findNearest(typed, candidates)
  return nearest === undefined ? undefined : `did you mean ${prefix}${nearest}?`
}

export function quote(text: string): string {
  return JSON.stringify(text)
}

/** As it is, to the byte: only UTF-8 fits into JSON. */
function readText(path: string, name: string, place: Place): string {
  let bytes: Uint8Array
  try {
    bytes = place.readFile(path === '-' ? path : resolve(place.cwd(), path))
  } catch (error) {
    throw new UsageError(`${name}: ${quote(path)} cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new UsageError(`${name}: ${quote(path)} is not text in UTF-8`)
  }
}

/** Throws UsageError, which says what is wrong by `name`. */
export function readInteger(text: string, { min, max, unit }: Extract<Shape, { kind: 'integer' }>, name: string): number {
  const value = unit ? parseQuantity(text, unit) : /^-?\d+$/.test(text) ? Number(text) : undefined
  if (value === undefined || !Number.isSafeInteger(value)) {
    throw new UsageError(`${name} is ${unit ? quantityForm(unit) : 'a whole number'}; not ${quote(text)}`)
  }
  const say = (bound: number): string => (unit ? formatQuantity(bound, unit) : String(bound))
  if (min !== undefined && value < min) throw new UsageError(`${name} is at least ${say(min)}, not ${text}`)
  if (max !== undefined && value > max) throw new UsageError(`${name} is at most ${say(max)}, not ${text}`)
  return value
}

function readBoolean(text: string, name: string): boolean {
  if (text === 'true' || text === 'yes') return true
  if (text === 'false' || text === 'no') return false
  throw new UsageError(`${name} is yes or no, not ${quote(text)}`)
}

/** `user,forward=2222:22,forward=udp:5353:53`: the tag's value first, then keys; a list's key is given once for each. */
function readVariant(text: string, { tag, variants }: Extract<Shape, { kind: 'variants' }>, name: string, place: Place): Json {
  const [head = '', ...rest] = text.split(',')
  const variant = variants.find((each) => each.name === head)
  if (!variant) {
    const names = variants.map((each) => each.name)
    throw new UsageError(`${name} begins with ${listChoices(names)}, not ${quote(head)}`, suggest(head, names))
  }
  const given = new Map<Field, string[]>()
  for (const pair of rest) {
    const [field, value] = readPair(pair, variant, name)
    given.set(field, [...(given.get(field) ?? []), value])
  }
  const entries = [...given].map(([field, values]) => [field.param, readKey(field, values, name, place)] as const)
  const missing = variant.fields.find((field) => field.required && !given.has(field))
  if (missing) throw new UsageError(`${name} ${variant.name} needs ${missing.flag}=${missing.placeholder}`)
  return { [tag]: variant.name, ...Object.fromEntries(entries) }
}

function readPair(pair: string, variant: Variant, name: string): [Field, string] {
  const equals = pair.indexOf('=')
  const key = equals < 0 ? pair : pair.slice(0, equals)
  const field = variant.fields.find((each) => each.flag === key)
  if (!field) {
    const keys = variant.fields.map((each) => each.flag)
    const known = keys.length > 0 ? `; it has ${keys.join(', ')}` : ''
    throw new UsageError(`${name} ${variant.name} has no ${quote(key)}${known}`, suggest(key, keys))
  }
  if (equals < 0 && field.shape.kind !== 'boolean') throw new UsageError(`${name}: ${key} needs a value: ${key}=${field.placeholder}`)
  return [field, equals < 0 ? 'true' : pair.slice(equals + 1)]
}

function readKey(field: Field, values: readonly string[], name: string, place: Place): Json {
  const label = `${name}: ${field.flag}`
  if (field.shape.kind === 'list') return readList(values, field.shape.items, label, place)
  if (values.length > 1) throw new UsageError(`${label} is given ${values.length} times`)
  return readValue(values[0]!, field.shape, label, place)
}

function listChoices(choices: readonly string[]): string {
  return choices.length === 1 ? choices[0]! : `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`
}
