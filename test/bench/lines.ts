/** A client that costs as little as a client can: it counts answers by their newlines. */
import { connect, type Socket } from 'node:net'

export interface Lines {
  /** Sends `count` requests with `inFlight` unanswered at a time; resolves when all are answered. */
  exchange(request: string, count: number, inFlight: number): Promise<void>
  close(): void
}

export async function openLines(path: string): Promise<Lines> {
  const socket = await open(path)
  return {
    exchange(request, count, inFlight) {
      const line = `${request}\n`
      return new Promise((resolve) => {
        let sent = 0
        let answered = 0
        const send = (howMany: number): void => {
          const now = Math.min(howMany, count - sent)
          if (now > 0) socket.write(line.repeat(now))
          sent += now
        }
        const onData = (chunk: Buffer): void => {
          let here = 0
          for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) here++
          answered += here
          if (answered >= count) {
            socket.off('data', onData)
            resolve()
          } else send(here)
        }
        socket.on('data', onData)
        send(inFlight)
      })
    },
    close() {
      socket.destroy()
    },
  }
}

function open(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path, () => {
      resolve(socket)
    })
    socket.once('error', reject)
  })
}
