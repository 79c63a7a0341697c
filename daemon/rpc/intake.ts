/**
 * What has come and is not taken yet, one line at a time: pause() calls no chunk back, and what stands behind a request
 * that takes the connection over has to be left untouched.
 */
import { LineSplitter, type Frame } from '../../policy/wire.ts'

const nothing = new Uint8Array()

export class Intake {
  readonly #splitter = new LineSplitter()
  #chunk: Uint8Array = nothing
  #at = 0

  get isEmpty(): boolean {
    return this.#chunk.length === 0
  }

  /** Only when empty: who reads a socket pauses it until then. */
  offer(chunk: Uint8Array): void {
    this.#chunk = chunk
    this.#at = 0
  }

  /** The next line; `undefined` where it has not come in full. */
  next(): Frame | undefined {
    if (this.isEmpty) return undefined
    const chunk = this.#chunk
    const newline = chunk.indexOf(10, this.#at)
    const end = newline < 0 ? chunk.length : newline + 1
    const piece = chunk.subarray(this.#at, end)
    this.#at = end
    if (end === chunk.length) this.#chunk = nothing
    return this.#splitter.push(piece)[0]
  }

  /** A last line without its newline, once the client has ended its side. */
  end(): Frame | undefined {
    return this.#splitter.end()[0]
  }

  /** Takes out all that is left, as it came. */
  clear(): Uint8Array {
    const rest = this.isEmpty ? nothing : this.#chunk.subarray(this.#at)
    this.#chunk = nothing
    return rest
  }
}
