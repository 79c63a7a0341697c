/** The lines that a guest sends, within bounds that are set anew for each exchange. */
import type { Socket } from 'node:net'
import { AgentAbsent, AgentNonsense } from './agent-errors.ts'
import { StringClipper } from './string-clipper.ts'

/** Bytes that a guest may send in one exchange, what it had left over from earlier ones included. */
const BYTE_LIMIT = 1_048_576
/**
 * The same for an answer whose strings are clipped: all that guest-exec captures at the most, 16 MiB of stdout and of stderr
 * (GUEST_EXEC_MAX_OUTPUT in QEMU's qga/commands.c), in base64, and a little. What is kept of it is bounded as ever.
 */
const CLIPPED_BYTE_LIMIT = 46 * 1_048_576
/** Lines likewise: a line costs far more than its bytes, and a megabyte of empty ones would hold up everybody else. */
const LINE_LIMIT = 1000
/** Never part of UTF-8: resets the agent's parser when sent, and marks its answer to guest-sync-delimited. */
export const DELIMITER = 0xff

export interface Line {
  /** What follows the last delimiter in it, or all of it. */
  readonly text: string
  readonly isDelimited: boolean
}

export class AgentLines {
  readonly #lines: AsyncGenerator<Line, void>
  #clipper: StringClipper | undefined
  #received = 0
  #kept = 0
  #count = 0

  /** Reads nothing before the first {@link next}. */
  constructor(socket: Socket) {
    this.#lines = this.#read(socket)
  }

  /** Sets the bounds for what comes from now on; `clipStrings` as {@link StringClipper} has it. */
  begin(clipStrings: number | undefined): void {
    this.#clipper = clipStrings === undefined ? undefined : new StringClipper(clipStrings)
    this.#received = this.#kept = this.#count = 0
  }

  /** Throws AgentAbsent at the end, AgentNonsense beyond the bounds, and the socket's error. */
  async next(): Promise<Line> {
    const next = await this.#lines.next()
    if (next.done === true) throw new AgentAbsent('QEMU closed the connection to the agent')
    return next.value
  }

  async *#read(socket: Socket): AsyncGenerator<Line, void> {
    let rest: Buffer[] = []
    for await (const bytes of socket as AsyncIterable<Buffer>) {
      const chunk = this.#account(bytes)
      let from = 0
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
        if (++this.#count > LINE_LIMIT) throw new AgentNonsense(`The guest sent over ${LINE_LIMIT} lines`)
        const line = Buffer.concat([...rest, chunk.subarray(from, end)])
        const delimiter = line.lastIndexOf(DELIMITER)
        yield { text: line.toString('utf8', delimiter + 1), isDelimited: delimiter >= 0 }
        rest = []
        from = end + 1
      }
      if (from < chunk.length) rest.push(chunk.subarray(from))
    }
  }

  #account(bytes: Buffer): Buffer {
    const chunk = this.#clipper?.push(bytes) ?? bytes
    this.#received += bytes.length
    this.#kept += chunk.length
    const limit = this.#clipper ? CLIPPED_BYTE_LIMIT : BYTE_LIMIT
    if (this.#received > limit) throw new AgentNonsense(`The guest sent over ${limit} bytes`)
    if (this.#kept > BYTE_LIMIT) throw new AgentNonsense(`The guest sent over ${BYTE_LIMIT} bytes that are no long strings`)
    return chunk
  }
}
