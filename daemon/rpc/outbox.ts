/** What a connection still has to send: the lines of one turn of the event loop leave in one write. */
import type { Socket } from 'node:net'

export class Outbox {
  readonly #socket: Socket
  #text = ''

  constructor(socket: Socket) {
    this.#socket = socket
  }

  /** What the client has not taken yet: queued here, or handed to the socket. In UTF-16 units, at most the bytes. */
  get unsent(): number {
    return this.#text.length + this.#socket.writableLength
  }

  /** Whether the client leaves unread what was handed to the socket: what is new of this turn of the event loop does not count. */
  get isHeldUp(): boolean {
    return this.#socket.writableLength > 0
  }

  push(line: string): void {
    // A tick runs after the promises that are already settled: all answers that are ready now leave together.
    if (this.#text === '') process.nextTick(() => this.flush())
    this.#text += `${line}\n`
  }

  flush(): void {
    if (this.#text === '' || !this.#socket.writable) return
    const text = this.#text
    this.#text = ''
    this.#socket.write(Buffer.from(text))
  }
}
