/** Whether a daemon answers on a socket. */
import { setTimeout as delay } from 'node:timers/promises'
import { exchangeLine } from '../../network/exchange.ts'

/** A daemon that has taken the question and does not answer within this is none that answers. */
const ANSWER_MS = 5000

export async function askDaemon(path: string): Promise<boolean> {
  const question = '{"jsonrpc":"2.0","id":1,"method":"system.info","params":{}}'
  return await exchangeLine(path, question, ANSWER_MS).then(
    () => true,
    () => false,
  )
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
