/**
 * Client of the guest agent (qemu-ga) of one VM. It connects for each question: the agent's port takes one client, and
 * between questions that may be somebody with socat. Whether an agent is there is told by QMP's VSERPORT_CHANGE, unasked.
 */
import type { GuestAddress } from '../../policy/api/vm.ts'
import { askAgent, type Exchange } from './agent-exchange.ts'
import { readInterfaces } from './agent-interfaces.ts'

export { AgentAbsent, AgentError, AgentNonsense, AgentTimeout } from './agent-errors.ts'

/** Every function throws AgentAbsent, AgentTimeout, AgentError and AgentNonsense as {@link askAgent} does. */
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
}

const DEFAULT_TIMEOUT_MS = 5000

/** Questions take turns, and each one's time runs from its turn. Nothing is connected before the first. */
export function createGuestAgent(
  path: string,
  { timeoutMs = DEFAULT_TIMEOUT_MS }: { readonly timeoutMs?: number } = {},
): GuestAgent {
  let last: Promise<unknown> = Promise.resolve()

  const ask = (question: Omit<Exchange, 'path'>): Promise<unknown> => {
    const answer = last.then(() => askAgent({ path, ...question }))
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
