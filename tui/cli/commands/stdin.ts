import type { Io } from '../io.ts'
import type { UsageError } from '../usage-error.ts'

/** All of stdin, of which no more than `limit` bytes are read before `tooMuch` is thrown. */
export async function readStdin({ stdin }: Pick<Io, 'stdin'>, limit: number, tooMuch: () => UsageError): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    length += chunk.length
    if (length > limit) throw tooMuch()
  }
  return Buffer.concat(chunks)
}
