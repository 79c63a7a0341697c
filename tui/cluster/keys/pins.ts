/** The hosts that this one trusts, by name: pinned by people, never by what a host says of itself. */
import { join } from 'node:path'
import { PinnedFile } from '../../../policy/broker/files.ts'
import { ClusterError } from '../cluster-error.ts'
import { parsePublicKey, type PublicKey } from './key-text.ts'
import { readOwnFile, writePrivately } from '../../private-file.ts'

export type Pins = ReadonlyMap<string, PublicKey>

/** What is thought of a host that shows this key; none where it has shown none. */
export type Trust = 'pinned' | 'unknown' | 'conflict'

export function judge(pins: Pins, host: string, shown: string | undefined): Trust {
  const pinned = pins.get(host)
  if (!pinned) return 'unknown'
  return shown === undefined || shown === pinned.text ? 'pinned' : 'conflict'
}

/**
 * Reads `pinned.json` in `folder`, as it is now: who pins a host need not start the relay again.
 *
 * @throws ClusterError where it cannot be read: nobody is trusted then
 */
export function readPins(folder: string): Pins {
  const path = join(folder, 'pinned.json')
  const text = readText(path)
  if (text === undefined) return new Map()
  const entries = Object.entries(parse(text, path).hosts)
  return new Map(
    entries.map(([host, written]) => {
      const key = parsePublicKey(written)
      if (!key) throw broken(path, `what it has for host "${host}" is no public key of a host`)
      return [host, key]
    }),
  )
}

/** Another key of the same host takes the place of the one that was pinned. */
export function pin(folder: string, host: string, key: PublicKey): void {
  write(folder, new Map([...readPins(folder), [host, key]]))
}

/** Answers whether it was pinned. */
export function unpin(folder: string, host: string): boolean {
  const pins = new Map(readPins(folder))
  const was = pins.delete(host)
  if (was) write(folder, pins)
  return was
}

function write(folder: string, pins: Pins): void {
  const hosts = Object.fromEntries([...pins].sort(([a], [b]) => (a < b ? -1 : 1)).map(([host, { text }]) => [host, text]))
  const file = PinnedFile.parse({ version: 1, hosts })
  writePrivately(join(folder, 'pinned.json'), `${JSON.stringify(file, null, 2)}\n`)
}

function readText(path: string): string | undefined {
  try {
    return readOwnFile(path)?.text
  } catch (cause) {
    throw broken(path, (cause as Error).message, cause)
  }
}

function parse(text: string, path: string): PinnedFile {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw broken(path, 'it is not JSON', cause)
  }
  const { data, error } = PinnedFile.safeParse(json)
  if (!data) throw broken(path, `${error.issues[0]?.path.join('.') ?? ''}: ${error.issues[0]?.message ?? ''}`)
  return data
}

function broken(path: string, why: string, cause?: unknown): ClusterError {
  return new ClusterError('failed', `${path} cannot be used: ${why}`, { hint: 'mend it, or remove it and pin the hosts anew (aetherscale host trust)', cause })
}
