/** `aetherscale vm log` and `vm init-log`: what is there, and with --follow what comes. */
import { setTimeout as pause } from 'node:timers/promises'
import type { ParamsInput, Result } from '../../../policy/api/index.ts'
import { printJson, printNote } from '../io.ts'
import { cleanLog } from '../render/escape.ts'
import type { Request } from '../request.ts'
import { withClient } from './session.ts'

/** Milliseconds between two questions: short while something comes, doubling up to the longest while nothing does. */
const SHORTEST_PAUSE = 200
const LONGEST_PAUSE = 2000

type LogMethod = 'vm.log' | 'vm.init-log'

export async function runLog(request: Request): Promise<number> {
  await follow(request, 'vm.log', () => false)
  return 0
}

export async function runInitLog(request: Request): Promise<number> {
  const { io, globals, requests } = request
  const isOver = ({ state }: Result<'vm.init-log'>): boolean => state === 'done' || state === 'failed'
  const last = await follow(request, 'vm.init-log', isOver)
  if (!requests[0]!['follow']) return 0
  const how = last.exitCode === undefined ? 'the machine went down while it ran' : `status ${last.exitCode}`
  printNote(io, globals, `the first boot is ${last.state}: ${how}`)
  return last.state === 'failed' ? 1 : 0
}

/** Prints until `isOver`, or what is there; answers the last piece. */
async function follow<M extends LogMethod>({ io, globals, requests }: Request, method: M, isOver: (piece: Result<M>) => boolean): Promise<Result<M>> {
  const { follow, ...params } = requests[0]!
  return await withClient(io, globals, 'observe', async (client) => {
    const read = async (offset?: number): Promise<Result<M>> => {
      const piece = await client.call(method, { ...params, ...(offset !== undefined && { offset }) } as ParamsInput<M>)
      if (offset !== undefined && piece.text === '') return piece
      if (globals.json) printJson(io, piece)
      else io.stdout.write(io.stdout.isTTY ? cleanLog(piece.text) : piece.text)
      return piece
    }
    let piece = await read()
    for (let wait = SHORTEST_PAUSE; follow && (piece.text !== '' || !isOver(piece)); wait = Math.min(wait * 2, LONGEST_PAUSE)) {
      await pause(wait)
      piece = await read(piece.nextOffset)
      if (piece.text !== '') wait = SHORTEST_PAUSE / 2
    }
    return piece
  })
}
