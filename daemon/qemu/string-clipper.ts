/**
 * Shortens the strings of JSON texts as their bytes go by, so that an answer of which only the beginning is wanted is
 * never held as a whole. What comes out is as well-formed as what went in.
 */

const QUOTE = 0x22
const BACKSLASH = 0x5c
const NEWLINE = 0x0a
/** Ends a text as a newline does: agents send it ahead of some answers, and no UTF-8 has it. */
const DELIMITER = 0xff
/** The longest escape: `\u0000`. */
const ESCAPE_LENGTH = 6

export class StringClipper {
  readonly #limit: number
  #inString = false
  #isEscaped = false
  /** Bytes of this string that were kept. */
  #kept = 0
  /** Whether the rest of this string is left out. */
  #isFull = false

  /** `limit`: bytes that are kept of each string, names of members among them. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** What is left of this piece. */
  push(chunk: Uint8Array): Buffer {
    const out = Buffer.allocUnsafe(chunk.length)
    let length = 0
    for (const byte of chunk) if (this.#isKept(byte)) out[length++] = byte
    // A copy: a view would keep all of the memory alive for the little that is left.
    return length === out.length ? out : Buffer.from(out.subarray(0, length))
  }

  #isKept(byte: number): boolean {
    if (byte === NEWLINE || byte === DELIMITER) {
      this.#inString = this.#isEscaped = false
      return true
    }
    if (!this.#inString) {
      if (byte === QUOTE) this.#begin()
      return true
    }
    if (this.#isEscaped) {
      this.#isEscaped = false
      return this.#keepIf(!this.#isFull)
    }
    if (byte === QUOTE) {
      this.#inString = false
      return true
    }
    this.#isEscaped = byte === BACKSLASH
    return this.#keepIf(!this.#isFull && this.#kept + (this.#isEscaped ? ESCAPE_LENGTH : 1) <= this.#limit)
  }

  #begin(): void {
    this.#inString = true
    this.#isFull = false
    this.#kept = 0
  }

  #keepIf(isKept: boolean): boolean {
    if (isKept) this.#kept += 1
    else this.#isFull = true
    return isKept
  }
}
