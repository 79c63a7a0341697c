/** One line to a Unix socket and one line back, on a connection of its own. */
import { connect } from 'node:net'
import { LineSplitter } from '../../policy/wire.ts'

/**
 * Rejects with the socket's error, whose `code` is an errno name: ECONNRESET also where the other side closed before a
 * whole line had come, ETIMEDOUT after `withinMs`, EMSGSIZE for a line longer than the wire allows, or not in UTF-8.
 */
export function exchangeLine(path: string, line: string, withinMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const splitter = new LineSplitter()
    const socket = connect({ path })
    const finish = (settle: () => void): void => {
      clearTimeout(timer)
      socket.destroy()
      settle()
    }
    const fail = (code: string, message: string): void => {
      finish(() => {
        reject(Object.assign(new Error(message), { code }))
      })
    }
    const timer = setTimeout(() => {
      fail('ETIMEDOUT', `no answer within ${Math.round(withinMs / 1000)} s`)
    }, withinMs)
    socket.on('error', (error) => {
      finish(() => {
        reject(error)
      })
    })
    socket.on('close', () => {
      fail('ECONNRESET', 'closed without an answer')
    })
    socket.on('data', (chunk) => {
      const [frame] = splitter.push(chunk)
      if (frame?.kind === 'line') finish(() => resolve(frame.text))
      else if (frame) fail('EMSGSIZE', 'the answer is too long, or not UTF-8')
    })
    socket.write(`${line}\n`)
  })
}
