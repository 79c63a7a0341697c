/** What commands that talk to the daemon share: the connection, and leaving by Ctrl-C. */
import type { Access } from '../../../policy/api/method.ts'
import { connect, type Client } from '../../client.ts'
import { INTERRUPTED } from '../failure.ts'
import { printNote, type Io } from '../io.ts'
import type { Globals } from '../parse.ts'

/** Connects as the options and the environment say, and closes when `work` is done. */
export async function withClient<T>(io: Io, globals: Globals, access: Access, work: (client: Client) => Promise<T>): Promise<T> {
  const { socket, directory } = globals
  const client = await connect({
    env: io.env,
    access,
    ...(socket !== undefined && { socket }),
    ...(directory !== undefined && { directory }),
  })
  try {
    return await work(client)
  } finally {
    client.close()
  }
}

/**
 * While `work` runs, Ctrl-C ends the program at once. The daemon is not asked to stop: an operation that has begun is
 * finished there, and whoever interrupts is told so.
 */
export async function leaveOnInterrupt<T>(
  io: Io,
  globals: Globals,
  options: { readonly beforeExit?: () => void; readonly goesOn?: string },
  work: () => Promise<T>,
): Promise<T> {
  const leave = (): void => {
    options.beforeExit?.()
    const { goesOn } = options
    printNote(io, globals, goesOn === undefined ? undefined : `interrupted; the daemon goes on with ${goesOn}`)
    process.exit(INTERRUPTED)
  }
  process.on('SIGINT', leave)
  try {
    return await work()
  } finally {
    process.off('SIGINT', leave)
  }
}
