/**
 * Serial consoles: QEMU's console socket takes one client, and this lets several people share it. Everybody sees the
 * same; whoever types is heard.
 */
import { connect, type Socket } from 'node:net'
import { UserError } from '../../policy/errors.ts'
import type { Entry } from './table.ts'

/** A viewer that lags this many bytes behind is dropped: a console is live or it is the log. */
const VIEWER_LIMIT = 1_048_576

export interface Consoles {
  /** Joins the console; the answer takes the viewer's connection over. Throws VM_NOT_RUNNING or the socket's error. */
  join(entry: Entry): Promise<(viewer: Socket, early: Uint8Array) => void>
  close(): void
}

interface Shared {
  readonly line: Socket
  readonly viewers: Set<Socket>
  /** People who were told that they may join and have not arrived. */
  expected: number
  forget(): void
}

export function createConsoles(): Consoles {
  const open = new Map<Entry, Promise<Shared>>()

  const openLine = async (entry: Entry, forget: () => void): Promise<Shared> => {
    const line = await connectLine(entry.paths.console)
    const shared: Shared = { line, viewers: new Set(), expected: 0, forget }
    line.once('close', forget)
    line.on('data', (chunk) => {
      for (const viewer of shared.viewers) {
        if (viewer.writableLength > VIEWER_LIMIT) viewer.destroy()
        else viewer.write(chunk)
      }
    })
    line.on('error', () => undefined)
    line.on('close', () => {
      for (const viewer of shared.viewers) viewer.end()
    })
    line.on('drain', () => {
      for (const viewer of shared.viewers) viewer.resume()
    })
    return shared
  }

  const begin = (entry: Entry): Promise<Shared> => {
    const opening: Promise<Shared> = openLine(entry, () => {
      if (open.get(entry) === opening) open.delete(entry)
    })
    open.set(entry, opening)
    return opening
  }

  const admit = (shared: Shared, viewer: Socket, early: Uint8Array): void => {
    shared.expected -= 1
    const leave = (): void => {
      shared.viewers.delete(viewer)
      if (shared.viewers.size > 0 || shared.expected > 0) return
      // Whoever comes from now on opens a line of their own.
      shared.forget()
      shared.line.destroy()
    }
    const type = (bytes: Uint8Array): void => {
      // A guest that does not read its serial port must not make the daemon hold what is typed at it.
      if (!shared.line.write(bytes)) for (const each of shared.viewers) each.pause()
    }
    shared.viewers.add(viewer)
    viewer.on('data', type)
    viewer.on('error', () => undefined)
    viewer.on('close', leave)
    if (shared.line.destroyed || viewer.destroyed) {
      viewer.end()
      leave()
      return
    }
    if (early.length > 0) type(early)
    viewer.resume()
  }

  return {
    async join(entry) {
      if (!entry.live) {
        throw new UserError('VM_NOT_RUNNING', `VM ${entry.id} is not running`, {
          field: 'vm',
          hint: `Start it first: aetherscale vm start ${entry.record.name ?? entry.id}`,
        })
      }
      const opening = open.get(entry) ?? begin(entry)
      try {
        const shared = await opening
        shared.expected += 1
        return (viewer, early) => {
          admit(shared, viewer, early)
        }
      } catch (error) {
        if (open.get(entry) === opening) open.delete(entry)
        throw error
      }
    },
    close() {
      for (const opening of open.values()) void opening.then(({ line }) => line.destroy()).catch(() => undefined)
    },
  }
}

function connectLine(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const line = connect(path)
    line.once('error', reject)
    line.once('connect', () => {
      line.off('error', reject)
      resolve(line)
    })
  })
}
