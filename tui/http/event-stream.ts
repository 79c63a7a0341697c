/** Server-sent events (HTML standard, 9.2) on an answer. */
import type { ServerResponse } from 'node:http'
import type { DoorLimits } from './limits.ts'

export class EventStream {
  readonly #response: ServerResponse
  readonly #unreadBytes: number
  readonly #heartbeat: NodeJS.Timeout

  constructor(response: ServerResponse, { unreadBytes, heartbeatMs }: Pick<DoorLimits, 'unreadBytes' | 'heartbeatMs'>, headers: Readonly<Record<string, string>>) {
    this.#response = response
    this.#unreadBytes = unreadBytes
    // nginx would keep events back otherwise
    response.writeHead(200, { ...headers, 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' })
    response.flushHeaders()
    this.#heartbeat = setInterval(() => this.#write(':\n\n'), heartbeatMs)
    response.on('close', () => clearInterval(this.#heartbeat))
  }

  /** `data` is a JSON text, on one line as JSON.stringify writes it. */
  send(event: string, data: string, id?: string): void {
    this.#write(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${data}\n\n`)
  }

  end(): void {
    clearInterval(this.#heartbeat)
    this.#response.end()
  }

  /** Who does not read is cut off: nothing is skipped without a word, and nothing grows without a bound. */
  #write(text: string): void {
    if (this.#response.destroyed || this.#response.writableEnded) return
    this.#response.write(text)
    if (this.#response.writableLength > this.#unreadBytes) this.#response.destroy()
  }
}
