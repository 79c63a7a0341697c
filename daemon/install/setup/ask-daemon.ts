/** Whether a daemon answers on a socket. */
import { createConnection } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** A daemon that has taken the question and does not answer within this is none that answers. */
const ANSWER_MS = 5000

export async function askDaemon(path: string): Promise<boolean> {
  const socket = createConnection({ path })
  const answered = new Promise<boolean>((resolve) => {
    socket.once('connect', () => socket.write('{"jsonrpc":"2.0","id":1,"method":"system.info","params":{}}\n'))
    socket.once('data', () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
  })
  const patience = new AbortController()
  try {
    return await Promise.race([answered, delay(ANSWER_MS, false, { signal: patience.signal })])
  } finally {
    patience.abort()
    socket.destroy()
  }
}

/** Asks until there is an answer; false if there is none within this many seconds. */
export async function awaitDaemon(path: string, seconds: number): Promise<boolean> {
  const end = Date.now() + seconds * 1000
  while (Date.now() < end) {
    if (await askDaemon(path)) return true
    await delay(100)
  }
  return false
}
