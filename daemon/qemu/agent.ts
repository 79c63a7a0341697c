/**
 * Client of the guest agent (qemu-ga) of one VM. It connects for each question: the agent's port takes one client, and
 * between questions that may be somebody with socat. Whether an agent is there is told by QMP's VSERPORT_CHANGE, unasked.
 *
 * Only who says so is connected for a while longer. An agent on a virtio port with nobody at the host's end sleeps a tenth
 * of a second at every turn of its loop (channel_event_cb in QEMU's qga/main.c), and in a turn it takes 4 KiB of what a
 * command prints: left alone, that would be 40 KiB a second.
 */
import type { GuestAddress } from '../../policy/api/vm.ts'
import { AgentAbsent } from './agent-errors.ts'
import { AgentConnection, type Exchange } from './agent-exchange.ts'
import { readInterfaces } from './agent-interfaces.ts'

export { AgentAbsent, AgentError, AgentNonsense, AgentTimeout } from './agent-errors.ts'

/** Every function throws AgentAbsent, AgentTimeout, AgentError and AgentNonsense as {@link AgentConnection.ask} does. */
export interface GuestAgent {
  ping(): Promise<void>
  /** The guest's addresses as it tells them, at most 64, loopback left out. */
  interfaces(): Promise<GuestAddress[]>
  /**
   * Has the guest power itself down. The agent says nothing unless it fails, so this resolves when QEMU ends, or when the
   * time for an answer is over; the end of QEMU alone tells that the guest is down.
   */
  shutdown(): Promise<void>
  /** What the command returns is the guest's word: check it. */
  execute(command: string, args?: object, options?: AskOptions): Promise<unknown>
}

/** As an {@link Exchange} has them. */
export interface AskOptions {
  readonly timeoutMs?: number | undefined
  readonly answerMs?: number | undefined
  readonly clipStrings?: number | undefined
  /** How long to stay connected after the answer. */
  readonly lingerMs?: number | undefined
}

type Question = Exchange & Pick<AskOptions, 'lingerMs'>

const DEFAULT_TIMEOUT_MS = 5000

/** Questions take turns, and each one's time runs from its turn. Nothing is connected before the first. */
export function createGuestAgent(
  path: string,
  { timeoutMs = DEFAULT_TIMEOUT_MS }: { readonly timeoutMs?: number } = {},
): GuestAgent {
  let last: Promise<unknown> = Promise.resolve()
  let held: AgentConnection | undefined
  let holdUntil = 0
  let release: NodeJS.Timeout | undefined

  /** On the connection that is there, or a new one where that has gone unnoticed. */
  const exchange = async (question: Question): Promise<unknown> => {
    const kept = held?.isClosed === false ? held : undefined
    try {
      if (kept) return await kept.ask(question)
    } catch (error) {
      if (!(error instanceof AgentAbsent) || error.isSilence || kept?.hasAsked) throw error
    }
    held = new AgentConnection(path)
    return await held.ask(question)
  }

  const take = async (question: Question): Promise<unknown> => {
    clearTimeout(release)
    try {
      return await exchange(question)
    } finally {
      holdUntil = Math.max(holdUntil, performance.now() + (question.lingerMs ?? 0))
      const leftMs = holdUntil - performance.now()
      if (leftMs > 0) release = setTimeout(() => held?.close(), leftMs).unref()
      else held?.close()
    }
  }

  const ask = (question: Question): Promise<unknown> => {
    const answer = last.then(() => take(question))
    last = answer.catch(() => {})
    return answer
  }

  return {
    execute: (command, args, options) => ask({ command, args, ...options, timeoutMs: options?.timeoutMs ?? timeoutMs }),
    async ping() {
      await ask({ command: 'guest-ping', timeoutMs })
    },
    async interfaces() {
      return readInterfaces(await ask({ command: 'guest-network-get-interfaces', timeoutMs }))
    },
    async shutdown() {
      await ask({ command: 'guest-shutdown', args: { mode: 'powerdown' }, timeoutMs, isSilent: true })
    },
  }
}
