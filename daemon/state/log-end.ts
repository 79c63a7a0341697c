/** What a program has printed into its log. */
import { open, stat } from 'node:fs/promises'

/** Bytes: of a program that floods its log no more is looked at. */
const LIMIT = 65_536

/** Of a file that is not there yet, 0. */
export async function logSize(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0
}

/** What was printed since `from`, of which no more than the end; nothing where there is no such file. */
export async function readLogEnd(path: string, from: number): Promise<string> {
  return await readPiece(path, (size) => Math.max(from, size - LIMIT))
}

/** The same, of which no more than the beginning. */
export async function readLogSince(path: string, from: number): Promise<string> {
  return await readPiece(path, () => from)
}

async function readPiece(path: string, startAt: (size: number) => number): Promise<string> {
  const file = await open(path, 'r').catch(() => undefined)
  if (!file) return ''
  try {
    const { size } = await file.stat()
    const { buffer, bytesRead } = await file.read(Buffer.alloc(LIMIT), 0, LIMIT, startAt(size))
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await file.close()
  }
}
