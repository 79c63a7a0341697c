/** `aetherscale vm log`: what is there, and with --follow what comes. */
import { setTimeout as pause } from 'node:timers/promises'
import type { ParamsInput, Result } from '../../../policy/api/index.ts'
import { printJson } from '../io.ts'
import { cleanLog } from '../render/escape.ts'
import type { Request } from '../request.ts'
import { withClient } from './session.ts'

/** Milliseconds between two questions: short while something comes, doubling up to the longest while nothing does. */
const SHORTEST_PAUSE = 200
const LONGEST_PAUSE = 2000

export async function runLog({ io, globals, requests }: Request): Promise<number> {
  const { follow, ...rest } = requests[0]!
  const params = rest as ParamsInput<'vm.log'>
  const print = (piece: Result<'vm.log'>): void => {
    if (globals.json) printJson(io, piece)
    else io.stdout.write(io.stdout.isTTY ? cleanLog(piece.text) : piece.text)
  }
  return withClient(io, globals, 'observe', async (client) => {
    let piece = await client.call('vm.log', params)
    print(piece)
    if (!follow) return 0
    for (let wait = SHORTEST_PAUSE; ; wait = Math.min(wait * 2, LONGEST_PAUSE)) {
      await pause(wait)
      piece = await client.call('vm.log', { ...params, offset: piece.nextOffset })
      if (piece.text === '') continue
      print(piece)
      wait = SHORTEST_PAUSE / 2
    }
  })
}
