/** `aetherscale vm copy-out`: a file of the guest's into one of ours, or to stdout. */
import { once } from 'node:events'
import type { Client } from '../../client.ts'
import { printJson, type Io } from '../io.ts'
import { createProgressLine, type ProgressLine } from '../progress.ts'
import type { Request } from '../request.ts'
import { openOutput, type Output } from './output-file.ts'
import { showShare } from './pieces.ts'
import { leaveOnInterrupt, withClient } from './session.ts'

export async function runCopyOut({ io, globals, requests }: Request): Promise<number> {
  const { vm, path, local } = requests[0] as { vm: string; path: string; local: string }
  const toStdout = local === '-'
  const output = toStdout ? writeStdout(io) : await openOutput(io.cwd, local, path)
  const progress = createProgressLine(io.stderr, !globals.quiet && !(toStdout && io.stdout.isTTY))
  const beforeExit = (): void => {
    progress.clear()
    output.discard()
  }
  try {
    const size = await leaveOnInterrupt(io, globals, { beforeExit }, () =>
      withClient(io, globals, 'control', (client) => receive(client, { vm, path }, output, progress)),
    )
    progress.clear()
    if (globals.json && !toStdout) printJson(io, { path, size })
    return 0
  } catch (error) {
    beforeExit()
    throw error
  }
}

async function receive(client: Client, target: { vm: string; path: string }, output: Output, progress: ProgressLine): Promise<number> {
  let offset = 0
  let size: number | undefined
  let mode: string | undefined
  for (;;) {
    const piece = await client.call('vm.copy-out', { ...target, offset })
    size ??= piece.size
    mode ??= piece.mode
    await output.write(Buffer.from(piece.data, 'base64'))
    offset = piece.nextOffset
    showShare(progress, `copying out of ${target.vm}`, offset, size)
    if (!piece.isEnd) continue
    await output.finish(mode === undefined ? undefined : Number.parseInt(mode, 8))
    return offset
  }
}

function writeStdout({ stdout }: Io): Output {
  return {
    async write(bytes) {
      if (!stdout.write(bytes)) await once(stdout, 'drain')
    },
    finish: () => Promise.resolve(),
    discard: () => undefined,
  }
}
