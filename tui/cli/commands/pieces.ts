/** What a copy is made of: pieces as the wire takes them. */
import type { ProgressLine } from '../progress.ts'
import { formatBytes } from '../quantity.ts'

/** The contract's CHUNK_LIMIT, which to load would cost the schemas. */
export const PIECE_BYTES = 524_288

export interface Piece {
  readonly bytes: Uint8Array
  readonly isLast: boolean
}

/** Cuts a stream into pieces of {@link PIECE_BYTES}, and tells of the last that it is; an empty stream is one empty piece. */
export async function* cutIntoPieces(stream: AsyncIterable<Uint8Array>, pieceBytes: number = PIECE_BYTES): AsyncGenerator<Piece> {
  let held: Uint8Array[] = []
  let length = 0
  for await (const chunk of stream) {
    held.push(chunk)
    length += chunk.length
    // As much as a whole piece is held back: whether it is the last is known when more comes.
    if (length <= pieceBytes) continue
    let rest: Uint8Array = Buffer.concat(held)
    for (; rest.length > pieceBytes; rest = rest.subarray(pieceBytes)) yield { bytes: rest.subarray(0, pieceBytes), isLast: false }
    held = [rest]
    length = rest.length
  }
  yield { bytes: Buffer.concat(held), isLast: true }
}

/** How far a copy is: a share where the whole is known. */
export function showShare(progress: ProgressLine, what: string, done: number, size: number | undefined): void {
  const message = size === undefined ? `${what}: ${formatBytes(done)}` : what
  progress.show({ request: '', message, ...(size !== undefined && size > 0 && { fraction: Math.min(1, done / size) }) })
}
