/**
 * Commands to a guest agent and their answers, one at a time. The protocol: docs/interop/qemu-ga-ref of QEMU; JSON lines,
 * no ids. The guest is hostile: bytes and time are bounded, and nothing of an answer is believed.
 */
import { randomInt } from 'node:crypto'
import type { Socket } from 'node:net'
import * as z from 'zod'
import { AgentAbsent, AgentError, AgentNonsense, AgentTimeout } from './agent-errors.ts'
import { AgentLines, DELIMITER } from './agent-lines.ts'
import { connectUnixSocket, isNobodyThere } from './unix-socket.ts'

const WORDS_LIMIT = 500

const Failure = z.object({ error: z.object({ class: z.string(), desc: z.string() }) })

export interface Exchange {
  readonly command: string
  readonly args?: object | undefined
  readonly timeoutMs: number
  /** How long the answer may take once the agent has shown that it is there; what is left of `timeoutMs` where not said. */
  readonly answerMs?: number | undefined
  /** Bytes that are kept of each string of the answer; those behind are thrown away as they come. */
  readonly clipStrings?: number | undefined
  /** The command answers only to refuse: no answer until the timeout, or the end of QEMU, is success. */
  readonly isSilent?: boolean | undefined
}

export class AgentConnection {
  readonly #path: string
  readonly #socket: Socket
  readonly #lines: AgentLines
  #hasAsked = false

  /** Begins to connect. Throws UserError PATH_TOO_LONG. */
  constructor(path: string) {
    this.#path = path
    this.#socket = connectUnixSocket(path)
    this.#lines = new AgentLines(this.#socket)
  }

  get isClosed(): boolean {
    return this.#socket.destroyed
  }

  /** Whether the agent may have heard the command of the last exchange. */
  get hasAsked(): boolean {
    return this.#hasAsked
  }

  close(): void {
    this.#socket.destroy()
  }

  /**
   * Syncs, then asks. What the guest still had to say to somebody before us comes ahead of the sync's answer and is thrown
   * away. Throws AgentAbsent if the sync stays unanswered, after it AgentTimeout, AgentError or AgentNonsense; but for an
   * AgentError the connection is closed then.
   */
  async ask({ command, args, timeoutMs, answerMs, clipStrings, isSilent }: Exchange): Promise<unknown> {
    this.#hasAsked = false
    const giveUp = (afterMs: number): void => {
      const limit = `within ${afterMs} ms`
      this.#socket.destroy(this.#hasAsked ? new AgentTimeout(`No answer ${limit}: ${command}`) : new AgentAbsent(`No agent answers ${limit}`, { isSilence: true }))
    }
    let timer = setTimeout(giveUp, timeoutMs, timeoutMs)
    try {
      this.#lines.begin(clipStrings)
      await this.#sync()
      this.#hasAsked = true
      if (answerMs !== undefined) {
        clearTimeout(timer)
        timer = setTimeout(giveUp, answerMs, answerMs)
      }
      this.#socket.write(`${JSON.stringify({ execute: command, arguments: args })}\n`)
      return valueOf(command, parse((await this.#lines.next()).text))
    } catch (error) {
      if (!(error instanceof AgentError)) this.close()
      if (this.#hasAsked && isSilent && isSilence(error)) return undefined
      throw error instanceof Error && isNobodyThere(error) ? new AgentAbsent(`No agent at ${this.#path}`, { cause: error }) : error
    } finally {
      clearTimeout(timer)
    }
  }

  async #sync(): Promise<void> {
    const id = randomInt(2 ** 47)
    this.#socket.write(Buffer.from([DELIMITER]))
    this.#socket.write(`${JSON.stringify({ execute: 'guest-sync-delimited', arguments: { id } })}\n`)
    for (;;) {
      const line = await this.#lines.next()
      if (line.isDelimited && isReturnOf(id, line.text)) return
    }
  }
}

function isSilence(error: unknown): boolean {
  return error instanceof AgentTimeout || error instanceof AgentAbsent || (error instanceof Error && isNobodyThere(error))
}

function isReturnOf(id: number, text: string): boolean {
  try {
    return (JSON.parse(text) as { return?: unknown } | null)?.return === id
  } catch {
    return false
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new AgentNonsense('The guest answered what is not JSON', { cause })
  }
}

function valueOf(command: string, answer: unknown): unknown {
  if (typeof answer === 'object' && answer !== null && 'return' in answer) return answer.return
  const { data } = Failure.safeParse(answer)
  if (!data) throw new AgentNonsense(`The guest answered neither a return nor an error: ${command}`)
  throw new AgentError(command, data.error.class.slice(0, WORDS_LIMIT), data.error.desc.slice(0, WORDS_LIMIT))
}
