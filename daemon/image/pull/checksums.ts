/** Lists of digests as sha256sum(1) prints them, or BSD's sha256(1), also in the middle of a signed message. Pure. */

export type Algorithm = 'sha256' | 'sha512'

export interface Digest {
  readonly algorithm: Algorithm
  /** In lower case. */
  readonly hex: string
}

/** `DIGEST  FILE`; ` *` before the file of one that was read as binary. */
const GNU = /^([0-9a-fA-F]{64}|[0-9a-fA-F]{128}) [ *](.+)$/
const BSD = /^SHA(256|512) \((.+)\) = ([0-9a-fA-F]+)$/
/** Beside one file, with nothing but its digest. */
const ALONE = /^([0-9a-fA-F]{64}|[0-9a-fA-F]{128})$/

/**
 * The digest of `file`; SHA-512 where there are both. `undefined` where it is not named, or is named with two digests of one
 * kind. `isAlone` is said of a list that is about this file alone, where the name may be missing.
 */
export function findDigest(list: string, file: string, { isAlone = false } = {}): Digest | undefined {
  const entries = list.split(/\r?\n/).flatMap((line) => parseLine(line) ?? [])
  const named = entries.filter((entry) => entry.file === file)
  const inFolders = entries.filter((entry) => entry.file?.split('/').at(-1) === file)
  const own = isAlone && entries.length === 1 && entries[0]?.file === undefined ? entries : []
  const found = [named, inFolders, own].find((group) => group.length > 0) ?? []
  for (const algorithm of ['sha512', 'sha256'] as const) {
    const digests = new Set(found.filter((entry) => entry.algorithm === algorithm).map(({ hex }) => hex))
    if (digests.size > 1) return undefined
    for (const hex of digests) return { algorithm, hex }
  }
  return undefined
}

function parseLine(line: string): (Digest & { readonly file?: string }) | undefined {
  const bsd = BSD.exec(line)
  if (bsd) {
    const [, bits, file = '', hex = ''] = bsd
    return hex.length * 4 === Number(bits) ? { ...digestOf(hex), file: plain(file) } : undefined
  }
  const gnu = GNU.exec(line)
  if (gnu) return { ...digestOf(gnu[1] ?? ''), file: plain(gnu[2] ?? '') }
  const alone = ALONE.exec(line.trim())
  return alone ? digestOf(alone[1] ?? '') : undefined
}

function digestOf(hex: string): Digest {
  return { algorithm: hex.length === 64 ? 'sha256' : 'sha512', hex: hex.toLowerCase() }
}

function plain(file: string): string {
  return file.trim().replace(/^\.\//, '')
}
