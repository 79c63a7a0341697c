/**
 * What has been downloaded of a URL: hidden in the image folder, with a note of what it belongs to, until it is an image. It
 * outlives a download that fails and a daemon that is killed, for a week.
 */
import { createHash } from 'node:crypto'
import type { Stats } from 'node:fs'
import { open, readdir, rm, stat, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { UserError } from '../../../policy/errors.ts'
import { readJson, writeJson } from '../../state/file.ts'
import { tryLock } from '../../state/lock.ts'

const PREFIX = '.pull-'
const DATA = '.partial'
const NOTE = '.json'
/** The files, and a note that is being written: see writeJson in state/file.ts. */
const FORM = /^\.?(\.pull-[0-9a-f]+)(\.partial|\.json|\.json\.pending)$/
const KEPT_MS = 7 * 24 * 3_600_000
/** A note is written within moments; an older one never will be. */
const SETTLED_MS = 60_000

/** What the server said of the file that the bytes are of (RFC 9110, section 8.8). */
const Note = z.strictObject({
  version: z.literal(1),
  url: z.string(),
  /** For If-Range: a strong ETag or a Last-Modified. */
  validator: z.string().optional(),
  totalBytes: z.int().nonnegative().optional(),
})
export type Note = z.infer<typeof Note>

export interface Partial {
  readonly path: string
  readonly file: FileHandle
  /** Of the bytes that are there; absent where there are none, or none that can be gone on with. */
  readonly note: Note | undefined
  readonly bytes: number
  /** Before the first byte of another version is written. */
  begin(note: Note): Promise<void>
  /** Before the file becomes an image: from then on it is not to be written to. */
  settle(): Promise<void>
  /** Keeps the bytes for the next pull. */
  keep(): Promise<void>
  /** Removes them. */
  discard(): Promise<void>
}

/** Throws UserError IMAGE_PULL_BUSY where the same URL is being pulled. */
export async function openPartial(folder: string, url: string): Promise<Partial> {
  const stem = join(folder, PREFIX + createHash('sha256').update(url).digest('hex').slice(0, 24))
  const [path, notePath] = [stem + DATA, stem + NOTE]
  const { file, unlock } = await openLocked(path)
  const note = Note.safeParse(await readJson(notePath).catch(() => undefined)).data
  const { size } = await file.stat()
  const isUsable = note?.url === url && size <= (note.totalBytes ?? size)
  const close = async (): Promise<void> => {
    await file.close()
    unlock()
  }
  return {
    path,
    file,
    note: isUsable ? note : undefined,
    bytes: isUsable ? size : 0,
    async begin(next) {
      // In this order: bytes without a note are never gone on with, those of another version would be.
      await rm(notePath, { force: true })
      await file.truncate(0)
      await writeJson(notePath, next)
    },
    settle: () => rm(notePath, { force: true }),
    keep: close,
    async discard() {
      await rm(notePath, { force: true })
      await rm(path, { force: true })
      await close()
    },
  }
}

/**
 * The file under its lock, neither an image by now nor one that another pull has just removed: whoever waits for the lock of a
 * file may be given that of one which has lost its name.
 */
async function openLocked(path: string): Promise<{ file: FileHandle; unlock: () => void }> {
  for (;;) {
    const unlock = tryLock(path)
    if (!unlock) {
      throw new UserError('IMAGE_PULL_BUSY', 'This URL is being pulled already, under another name', {
        field: 'source',
        hint: 'Wait for that one; nothing is gained by two of them',
      })
    }
    const file = await open(path, 'r+').catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      unlock()
      throw error
    })
    const [held, named] = [await file?.stat(), await stat(path).catch(() => undefined)]
    if (file && held && held.ino === named?.ino && held.nlink === 1) return { file, unlock }
    // One that became an image in the moment in which its daemon was killed, or another's that is gone already.
    if (held && held.ino === named?.ino) await rm(path, { force: true })
    await file?.close()
    unlock()
  }
}

/** Removes partial files that nobody came back for, and what belongs to none; not those that are being written to. */
export async function removeOldPartials(folder: string, now = Date.now()): Promise<void> {
  const files = await readdir(folder).catch((): string[] => [])
  const ageOf = (facts: Stats | undefined): number => now - (facts?.mtimeMs ?? now)
  for (const file of files) {
    const [, stem, ending] = FORM.exec(file) ?? []
    if (stem === undefined) continue
    const path = join(folder, file)
    const facts = await stat(path).catch(() => undefined)
    if (ending === DATA) {
      if (files.includes(stem + NOTE) && ageOf(facts) < KEPT_MS && facts?.nlink === 1) continue
      const unlock = tryLock(path)
      if (!unlock) continue
      await rm(join(folder, stem + NOTE), { force: true })
      await rm(path, { force: true })
      unlock()
    } else if (ending === NOTE ? !files.includes(stem + DATA) : ageOf(facts) > SETTLED_MS) await rm(path, { force: true })
  }
}
