/**
 * vm.copy-in: files that are on their way into guests. A file is written under a hidden name beside its own, which this
 * daemon alone knows, and moved into place by its last piece; so no two copies mix, and no reader finds half a file.
 */
import { randomBytes } from 'node:crypto'
import type { Params, Result } from '../../policy/api/index.ts'
import { COPY_LIMIT } from '../../policy/api/guest.ts'
import { UserError } from '../../policy/errors.ts'
import { createQueues } from '../vm/queue.ts'
import type { Entry } from '../vm/table.ts'
import { appendToFile } from './file.ts'
import { beginFile, finishFile, partialName, removePartial } from './partial-file.ts'
import { nameOf } from './failures.ts'
import { withGuest, type GuestDependencies, type GuestSession } from './session.ts'

export type Piece = Params<'vm.copy-in'>

export interface Copies {
  write(entry: Entry, piece: Piece): Promise<Result<'vm.copy-in'>>
  /** Forgets all; what is there of them stays in the guests. */
  close(): void
}

interface Copy {
  readonly id: string
  readonly entry: Entry
  readonly path: string
  readonly partial: string
  /** Whether the guest was asked to make the file. */
  isBegun: boolean
  size: number
  timer?: NodeJS.Timeout
}

/** In all: each is a file in a guest and a timer here. */
const COPIES_LIMIT = 256
const IDLE_MS = 300_000

export function createCopies(deps: GuestDependencies, { idleMs = IDLE_MS }: { readonly idleMs?: number } = {}): Copies {
  const copies = new Map<string, Copy>()
  const turns = createQueues<string>()

  const forget = (copy: Copy): void => {
    clearTimeout(copy.timer)
    copies.delete(copy.id)
  }

  /** Not waited for: nobody can do anything about a guest that does not let it. */
  const discard = (copy: Copy): void => {
    forget(copy)
    if (!copy.isBegun) return
    withGuest(deps, copy.entry, (guest) => removePartial(guest, copy.partial)).catch((error: unknown) => {
      deps.log.info({ vm: copy.entry.id, file: copy.partial, err: error }, 'part of a file stays in the guest')
    })
  }

  const awaitNext = (copy: Copy): void => {
    copy.timer = setTimeout(discard, idleMs, copy).unref()
  }

  const begin = (entry: Entry, { path, offset, abandon }: Piece): Copy => {
    if (offset !== 0 || abandon) {
      throw new UserError('INVALID_PARAMS', 'vm.copy-in: copy is missing: which one is meant, the answer to its first piece told', { field: 'copy' })
    }
    if (copies.size >= COPIES_LIMIT) {
      throw new UserError('GUEST_COPY_BUSY', `${COPIES_LIMIT} copies into guests are under way`, { hint: 'Try again when some have ended' })
    }
    const id = randomBytes(8).toString('hex')
    const copy: Copy = { id, entry, path, partial: partialName(path, id), isBegun: false, size: 0 }
    copies.set(id, copy)
    return copy
  }

  const find = (entry: Entry, { copy: id = '', path }: Piece): Copy => {
    const copy = copies.get(id)
    if (copy?.entry === entry && copy.path === path) return copy
    throw new UserError('GUEST_COPY_NOT_FOUND', `No copy ${id} to ${path} of VM ${nameOf(entry)} is under way`, {
      field: 'copy',
      hint: 'Begin again with the first piece: a copy ends when a call fails or none comes for long, and with the daemon',
    })
  }

  const take = async (copy: Copy, piece: Piece): Promise<Result<'vm.copy-in'>> => {
    const bytes = Buffer.from(piece.data, 'base64')
    const size = copy.size + bytes.length
    if (size > COPY_LIMIT) throw tooLarge(copy)
    await withGuest(deps, copy.entry, async (guest: GuestSession) => {
      if (!copy.isBegun) {
        copy.isBegun = true
        await beginFile(guest, copy)
      }
      if (bytes.length > 0) await appendToFile(guest, copy.partial, bytes)
      copy.size = size
      if (piece.isLast) await finishFile(guest, copy, piece.mode)
    })
    if (piece.isLast) forget(copy)
    return { nextOffset: size, ...(!piece.isLast && { copy: copy.id }) }
  }

  return {
    async write(entry, piece) {
      const { id } = piece.copy === undefined ? begin(entry, piece) : find(entry, piece)
      return await turns.run(id, async () => {
        // The piece before it may have ended the copy.
        const copy = find(entry, { ...piece, copy: id })
        if (piece.abandon) {
          discard(copy)
          return { nextOffset: copy.size }
        }
        clearTimeout(copy.timer)
        try {
          if (piece.offset !== copy.size) throw notNext(copy, piece)
          return await take(copy, piece)
        } catch (error) {
          // A piece that was not its turn has harmed nothing.
          if (!(error instanceof UserError && error.data.name === 'INVALID_PARAMS')) discard(copy)
          throw error
        } finally {
          if (copies.has(id)) awaitNext(copy)
        }
      })
    },
    close() {
      for (const copy of copies.values()) forget(copy)
    },
  }
}

function notNext({ size }: Copy, { offset }: Piece): UserError {
  return new UserError('INVALID_PARAMS', `vm.copy-in: the copy goes on at ${size}, not at ${offset}`, { field: 'offset' })
}

function tooLarge({ entry, path }: Copy): UserError {
  return new UserError('GUEST_COPY_TOO_LARGE', `${path} of VM ${nameOf(entry)} would have more than ${COPY_LIMIT} bytes`, {
    field: 'data',
    hint: 'Have the guest fetch it over the network, or give it by a disk',
  })
}
