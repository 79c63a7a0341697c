/**
 * Writing a file of gigabytes while it comes: in large pieces, one of them on its way while the next is gathered, and
 * flushed as it grows, so that there is little left to wait for at its end.
 */
import type { FileHandle } from 'node:fs/promises'

const PIECE_BYTES = 2 ** 20
const FLUSH_BYTES = 32 * 2 ** 20
const zeros = Buffer.alloc(2 ** 16)

export interface WriteBehind {
  /** Bytes taken so far, from the file's beginning. */
  readonly position: number
  /** Throws the file system's error, also that of an earlier piece. */
  write(chunk: Buffer): Promise<void>
  /** Waits until all is written; the file then has `position` bytes. */
  finish(): Promise<void>
}

/**
 * `position` is where the file goes on. With `sparse`, chunks of nothing but zeros become holes: for a new file, in chunks of
 * at most 64 KiB.
 */
export function writeBehind(file: FileHandle, position = 0, { sparse = false } = {}): WriteBehind {
  let end = position
  let gathered: Buffer[] = []
  let gatheredBytes = 0
  let writing: Promise<void> = Promise.resolve()
  let flushing: Promise<unknown> = Promise.resolve()
  let unflushed = 0

  const send = async (): Promise<void> => {
    const [pieces, at, bytes] = [gathered, end - gatheredBytes, gatheredBytes]
    gathered = []
    gatheredBytes = 0
    await writing
    if (bytes === 0) return
    writing = writeAll(file, pieces, at)
    // Awaited with the next piece; until then a failure must not count as unheard.
    writing.catch(() => undefined)
    unflushed += bytes
    if (unflushed < FLUSH_BYTES) return
    unflushed = 0
    await flushing
    flushing = writing.then(() => file.datasync())
    flushing.catch(() => undefined)
  }

  return {
    get position() {
      return end
    },
    async write(chunk) {
      if (sparse && chunk.equals(zeros.subarray(0, chunk.length))) {
        await send()
        end += chunk.length
        return
      }
      gathered.push(chunk)
      gatheredBytes += chunk.length
      end += chunk.length
      if (gatheredBytes >= PIECE_BYTES) await send()
    },
    async finish() {
      await send()
      await writing
      await flushing
      await file.truncate(end)
    },
  }
}

/** writev(2) may write less than it is given, on a full disk for one. */
async function writeAll(file: FileHandle, pieces: readonly Buffer[], at: number): Promise<void> {
  const { bytesWritten } = await file.writev(pieces, at)
  const total = pieces.reduce((sum, { length }) => sum + length, 0)
  if (bytesWritten === total) return
  const rest = Buffer.concat(pieces).subarray(bytesWritten)
  for (let done = 0; done < rest.length; ) {
    const written = await file.write(rest, done, rest.length - done, at + bytesWritten + done)
    done += written.bytesWritten
  }
}
