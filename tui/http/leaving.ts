/** Whether somebody still waits for the answer. */
import type { ServerResponse } from 'node:http'

export function whenGone(response: ServerResponse): AbortSignal {
  const gone = new AbortController()
  const leave = (): void => {
    if (!response.writableFinished) gone.abort(new ClientGone())
  }
  if (response.destroyed) leave()
  else response.once('close', leave)
  return gone.signal
}

/** Nobody is told. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone'

  constructor() {
    super('the client has gone')
  }
}
