/**
 * One command to a guest agent and its answer, on a connection of its own. The protocol: docs/interop/qemu-ga-ref of
 * QEMU; JSON lines, no ids. The guest is hostile: bytes and time are bounded, and nothing of an answer is believed.
 */
import { randomInt } from 'node:crypto'
import type { Socket } from 'node:net'
import * as z from 'zod'
import { AgentAbsent, AgentError, AgentNonsense, AgentTimeout } from './agent-errors.ts'
import { StringClipper } from './string-clipper.ts'
import { connectUnixSocket, isNobodyThere } from './unix-socket.ts'

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
const DELIMITER = 0xff
const WORDS_LIMIT = 500

const Failure = z.object({ error: z.object({ class: z.string(), desc: z.string() }) })

export interface Exchange {
  readonly path: string
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

/**
 * Syncs, then asks. What the guest still had to say to somebody before us comes ahead of the sync's answer and is thrown
 * away. Throws AgentAbsent if the sync stays unanswered, after it AgentTimeout, AgentError or AgentNonsense.
 */
export async function askAgent({ path, command, args, timeoutMs, answerMs, clipStrings, isSilent }: Exchange): Promise<unknown> {
  const socket = connectUnixSocket(path)
  let isSynced = false
  const giveUp = (afterMs: number): void => {
    const limit = `within ${afterMs} ms`
    socket.destroy(isSynced ? new AgentTimeout(`No answer ${limit}: ${command}`) : new AgentAbsent(`No agent answers ${limit}`))
  }
  let timer = setTimeout(giveUp, timeoutMs, timeoutMs)
  try {
    const lines = readLines(socket, clipStrings)
    await sync(socket, lines)
    isSynced = true
    if (answerMs !== undefined) {
      clearTimeout(timer)
      timer = setTimeout(giveUp, answerMs, answerMs)
    }
    socket.write(`${JSON.stringify({ execute: command, arguments: args })}\n`)
    return valueOf(command, parse((await nextLine(lines)).text))
  } catch (error) {
    if (isSynced && isSilent && isSilence(error)) return undefined
    throw error instanceof Error && isNobodyThere(error) ? new AgentAbsent(`No agent at ${path}`, { cause: error }) : error
  } finally {
    clearTimeout(timer)
    socket.destroy()
  }
}

function isSilence(error: unknown): boolean {
  return error instanceof AgentTimeout || error instanceof AgentAbsent || (error instanceof Error && isNobodyThere(error))
}

async function sync(socket: Socket, lines: AsyncIterator<Line, void>): Promise<void> {
  const id = randomInt(2 ** 47)
  socket.write(Buffer.from([DELIMITER]))
  socket.write(`${JSON.stringify({ execute: 'guest-sync-delimited', arguments: { id } })}\n`)
  for (;;) {
    const line = await nextLine(lines)
    if (line.isDelimited && isReturnOf(id, line.text)) return
  }
}

function isReturnOf(id: number, text: string): boolean {
  try {
    return (JSON.parse(text) as { return?: unknown } | null)?.return === id
  } catch {
    return false
  }
}

interface Line {
  /** What follows the last delimiter in it, or all of it. */
  readonly text: string
  readonly isDelimited: boolean
}

async function nextLine(lines: AsyncIterator<Line, void>): Promise<Line> {
  const next = await lines.next()
  if (next.done === true) throw new AgentAbsent('QEMU closed the connection to the agent')
  return next.value
}

async function* readLines(socket: Socket, clipStrings: number | undefined): AsyncGenerator<Line, void> {
  const clipper = clipStrings === undefined ? undefined : new StringClipper(clipStrings)
  const limit = clipper ? CLIPPED_BYTE_LIMIT : BYTE_LIMIT
  let rest: Buffer[] = []
  let received = 0
  let kept = 0
  let count = 0
  for await (const bytes of socket as AsyncIterable<Buffer>) {
    received += bytes.length
    const chunk = clipper?.push(bytes) ?? bytes
    kept += chunk.length
    if (received > limit || kept > BYTE_LIMIT) throw new AgentNonsense(`The guest sent over ${received > limit ? limit : BYTE_LIMIT} bytes`)
    let from = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      if (++count > LINE_LIMIT) throw new AgentNonsense(`The guest sent over ${LINE_LIMIT} lines`)
      const line = Buffer.concat([...rest, chunk.subarray(from, end)])
      const delimiter = line.lastIndexOf(DELIMITER)
      yield { text: line.toString('utf8', delimiter + 1), isDelimited: delimiter >= 0 }
      rest = []
      from = end + 1
    }
    if (from < chunk.length) rest.push(chunk.subarray(from))
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
