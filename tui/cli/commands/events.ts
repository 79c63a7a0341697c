/** `aetherscale events`: a line for each thing that happens, until interrupted or the daemon ends. */
import type { ParamsInput } from '../../../policy/api/index.ts'
import { choosePaint, printLines } from '../io.ts'
import { renderEvent } from '../render/event.ts'
import type { Request } from '../request.ts'
import { withClient } from './session.ts'

/** With --json each line is one event, also on a terminal. */
export async function runEvents({ io, globals, requests }: Request): Promise<number> {
  const paint = choosePaint(io, globals)
  return withClient(io, globals, 'observe', async (client) => {
    client.onNotification('event', (event) => {
      printLines(io.stdout, [globals.json ? JSON.stringify(event) : renderEvent(event, paint)])
    })
    await client.call('events.subscribe', requests[0] as ParamsInput<'events.subscribe'>)
    throw (await client.closed) ?? new Error('events: the connection was closed by this side')
  })
}
