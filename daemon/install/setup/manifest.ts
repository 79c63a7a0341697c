/** What setup has made on this host, as a file: written before a thing is made, so that it can always be taken back. */
import { closeSync, constants, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { UserError } from '../../../policy/errors.ts'
import { ETC, MANIFEST } from './places.ts'
import { keyOf, type Made } from './step.ts'

/** Oldest first. */
export function readManifest(): Made[] {
  if (!existsSync(MANIFEST)) return []
  try {
    const { version, made } = JSON.parse(readFileSync(MANIFEST, 'utf8')) as { version: number; made: Made[] }
    if (version === 1 && Array.isArray(made)) return made
  } catch (cause) {
    throw new UserError('SETUP_CONFLICT', `${MANIFEST} cannot be read: ${(cause as Error).message}`, {
      hint: 'It tells what setup has made here; put back a copy of it, or take back by hand what `aetherscale setup --dry-run` lists',
      cause,
    })
  }
  throw new UserError('SETUP_CONFLICT', `${MANIFEST} is of another version of aetherscale`, { hint: 'Install that version and use its setup' })
}

/** PURE. With what is new; what is known is known as it was first seen, for that was before setup. */
export function recordMade(known: readonly Made[], made: readonly Made[]): Made[] {
  const keys = new Set(known.map(keyOf))
  return [...known, ...made.filter((each) => !keys.has(keyOf(each)))]
}

/** An empty one is removed. */
export function writeManifest(made: readonly Made[]): void {
  if (made.length === 0) return rmSync(MANIFEST, { force: true })
  mkdirSync(ETC, { recursive: true, mode: 0o755 })
  writeRootFile(MANIFEST, `{\n  "version": 1,\n  "made": [\n${made.map((each) => `    ${JSON.stringify(each)}`).join(',\n')}\n  ]\n}\n`)
}

/** Whole or not at all. For folders in which nobody but root may write. */
export function writeRootFile(path: string, text: string): void {
  const pending = `${path}.pending`
  rmSync(pending, { force: true })
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants
  const fd = openSync(pending, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o644)
  try {
    writeSync(fd, text)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  renameSync(pending, path)
}
