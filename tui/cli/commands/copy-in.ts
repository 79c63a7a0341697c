/** `aetherscale vm copy-in`: a file of ours, or stdin, into the guest. */
import { open, type FileHandle } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Client } from '../../client.ts'
import { printJson, type Io } from '../io.ts'
import { createProgressLine, type ProgressLine } from '../progress.ts'
import { quote } from '../read-value.ts'
import type { Request } from '../request.ts'
import { UsageError } from '../usage-error.ts'
import { cutIntoPieces, showShare } from './pieces.ts'
import { leaveOnInterrupt, withClient } from './session.ts'

interface Target {
  readonly vm: string
  readonly path: string
}

interface Source {
  readonly bytes: AsyncIterable<Uint8Array>
  readonly size?: number
  readonly mode?: string
  close(): Promise<void>
}

export async function runCopyIn({ io, globals, requests }: Request): Promise<number> {
  const { vm, path, local, mode } = requests[0] as { vm: string; path: string; local: string; mode?: string }
  const source = local === '-' ? readStdin(io) : await openLocal(io, local)
  const progress = createProgressLine(io.stderr, !globals.quiet)
  const chosen = mode ?? source.mode
  /** What an interrupt has to take back. */
  let abandon = (): void => undefined
  const beforeExit = (): void => {
    progress.clear()
    abandon()
  }
  try {
    const size = await leaveOnInterrupt(io, globals, { beforeExit }, () =>
      withClient(io, globals, 'control', (client) =>
        send(client, { vm, path }, source, chosen, progress, (copy) => {
          // Written to the socket before the process ends; the answer is nobody's.
          abandon = () => void client.call('vm.copy-in', { vm, path, copy, abandon: true }).catch(() => undefined)
        }),
      ),
    )
    progress.clear()
    if (globals.json) printJson(io, { path, size })
    return 0
  } finally {
    progress.clear()
    await source.close()
  }
}

async function send(
  client: Client,
  target: Target,
  source: Source,
  mode: string | undefined,
  progress: ProgressLine,
  onBegun: (copy: string) => void,
): Promise<number> {
  let copy: string | undefined
  let offset = 0
  try {
    for await (const { bytes, isLast } of cutIntoPieces(source.bytes)) {
      const data = Buffer.from(bytes).toString('base64')
      const answer = await client.call('vm.copy-in', { ...target, data, offset, isLast, ...(copy !== undefined && { copy }), ...(mode !== undefined && { mode }) })
      offset = answer.nextOffset
      copy = answer.copy
      if (copy !== undefined) onBegun(copy)
      showShare(progress, `copying into ${target.vm}`, offset, source.size)
    }
  } catch (error) {
    // Where it was the daemon that failed, the copy is gone there already.
    if (copy !== undefined) await client.call('vm.copy-in', { ...target, copy, abandon: true }).catch(() => undefined)
    throw error
  }
  return offset
}

function readStdin({ stdin }: Io): Source {
  return { bytes: stdin as AsyncIterable<Buffer>, close: () => Promise.resolve() }
}

async function openLocal({ cwd }: Io, local: string): Promise<Source> {
  let file: FileHandle
  try {
    file = await open(resolve(cwd, local), 'r')
  } catch (error) {
    throw new UsageError(`LOCAL: ${quote(local)} cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`)
  }
  const stats = await file.stat()
  if (stats.isDirectory()) {
    await file.close()
    throw new UsageError(`LOCAL: ${quote(local)} is a folder`, `pack it: tar -c ${local} | aetherscale vm copy-in VM - /tmp/folder.tar`)
  }
  const bytes = file.createReadStream({ autoClose: false, highWaterMark: 262_144 }) as AsyncIterable<Buffer>
  const mode = (stats.mode & 0o777).toString(8).padStart(3, '0')
  return { bytes, ...(stats.isFile() && { size: stats.size, mode }), close: () => file.close() }
}
