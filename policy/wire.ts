/**
 * The wire: JSON-RPC 2.0, one JSON text a line, UTF-8 (RFC 3629, no byte order mark), `\n` at its end.
 */

/** Bytes of one line without its newline. */
export const LINE_LIMIT = 1_048_576
/** Requests of one batch. */
export const BATCH_LIMIT = 64
/** Bytes of a Unix socket's path: sun_path is 108 with its final NUL (unix(7)); longer ones are cut without a word. */
export const SOCKET_PATH_LIMIT = 107

export const CONTROL_SOCKET = 'control.sock'
export const OBSERVE_SOCKET = 'observe.sock'

/** Whether a Unix socket can be made at this path without it being cut. */
export function fitsSocketPath(path: string): boolean {
  return new TextEncoder().encode(path).length <= SOCKET_PATH_LIMIT
}

/** Where the sockets are looked for, first to last: an own daemon's before the host's. */
export function socketDirectories(env: Readonly<Record<string, string | undefined>>): string[] {
  const chosen = env['AETHERSCALE_SOCKET_DIR']
  if (chosen) return [chosen]
  const runtime = env['XDG_RUNTIME_DIR']
  return [...(runtime ? [`${runtime}/aetherscale`] : []), '/run/aetherscale']
}

/** One thing that a {@link LineSplitter} found: a line's text, or why there is none. */
export type Frame =
  | { readonly kind: 'line'; readonly text: string }
  | { readonly kind: 'not-utf8' }
  | { readonly kind: 'too-long' }

/**
 * Cuts a byte stream into lines. Keeps at most one line's worth of bytes. After `too-long` nothing more comes out, for
 * there is no telling where the next line begins.
 */
export class LineSplitter {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  readonly #limit: number
  #parts: Uint8Array[] = []
  #length = 0
  #dead = false

  constructor(limit: number = LINE_LIMIT) {
    this.#limit = limit
  }

  /** The lines that this chunk completes. */
  push(chunk: Uint8Array): Frame[] {
    const frames: Frame[] = []
    let from = 0
    while (!this.#dead) {
      const newline = chunk.indexOf(10, from)
      const end = newline < 0 ? chunk.length : newline
      this.#length += end - from
      if (this.#length > this.#limit) {
        this.#dead = true
        this.#parts = []
        frames.push({ kind: 'too-long' })
        break
      }
      if (end > from) this.#parts.push(chunk.subarray(from, end))
      if (newline < 0) break
      frames.push(this.#take())
      from = newline + 1
    }
    return frames
  }

  /** What is left when the stream ends: a last line whose newline is missing counts as a line. */
  end(): Frame[] {
    return this.#dead || this.#length === 0 ? [] : [this.#take()]
  }

  #take(): Frame {
    const bytes = this.#parts.length === 1 ? this.#parts[0]! : join(this.#parts, this.#length)
    this.#parts = []
    this.#length = 0
    try {
      return { kind: 'line', text: this.#decoder.decode(bytes) }
    } catch {
      return { kind: 'not-utf8' }
    }
  }
}

function join(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
