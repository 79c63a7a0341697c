/**
 * A conversation with the agent of one guest: several questions that belong together. It is over when that agent, or
 * QEMU, is: process ids and file handles mean nothing to the one that comes after.
 */
import type * as z from 'zod'
import { UserError } from '../../policy/errors.ts'
import { AgentAbsent, AgentError, AgentNonsense, AgentTimeout, type AskOptions } from '../qemu/agent.ts'
import type { VmDependencies } from '../vm/dependencies.ts'
import type { Live } from '../vm/live.ts'
import type { Entry } from '../vm/table.ts'

export type GuestDependencies = Pick<VmDependencies, 'table' | 'agent' | 'log'>

export interface Question<Answer extends z.ZodType> extends AskOptions {
  readonly command: string
  readonly args?: object
  /** The shape that the answer has to have. */
  readonly answer: Answer
  /** What it means when the agent fails: by default GUEST_AGENT_FAILED. */
  readonly explain?: (error: AgentError) => UserError
}

export interface GuestSession {
  readonly entry: Entry
  /**
   * Throws GUEST_AGENT_TIMEOUT, GUEST_AGENT_REFUSES, GUEST_AGENT_FAILED, GUEST_NONSENSE; GUEST_LOST as soon as the agent
   * or the VM has ended.
   */
  ask<Answer extends z.ZodType>(question: Question<Answer>): Promise<z.output<Answer>>
  /** Aborted, with GUEST_LOST for its reason, when the agent or the VM has ended. */
  readonly lost: AbortSignal
}

/**
 * Runs `work` with a session. Throws VM_NOT_RUNNING and GUEST_AGENT_ABSENT at once, for both are known without asking.
 */
export async function withGuest<T>(deps: GuestDependencies, entry: Entry, work: (guest: GuestSession) => Promise<T>): Promise<T> {
  const live = requireAgent(entry)
  const ending = new AbortController()
  const look = (): void => {
    if (entry.live !== live || live.agent !== 'connected') ending.abort(lostWhile(entry, live))
  }
  const unsubscribe = deps.table.onChange((changed) => {
    if (changed === entry) look()
  })
  try {
    return await work({
      entry,
      lost: ending.signal,
      async ask({ command, args, answer, explain, ...options }) {
        const asked = deps.agent(entry).execute(command, args, options)
        try {
          return check(entry, command, answer, await untilAborted(asked, ending.signal))
        } catch (error) {
          throw explainFailure(entry, error, explain)
        }
      },
    })
  } finally {
    unsubscribe()
  }
}

function requireAgent(entry: Entry): Live {
  const { live } = entry
  const name = nameOf(entry)
  if (!live) {
    throw new UserError('VM_NOT_RUNNING', `VM ${name} is not running`, { field: 'vm', hint: `Start it first: aetherscale vm start ${name}` })
  }
  if (live.paused) {
    throw new UserError('VM_NOT_RUNNING', `VM ${name} is paused, and so is its agent`, { field: 'vm', hint: `Let it go on: aetherscale vm start ${name}` })
  }
  if (live.agent === 'absent') {
    throw new UserError('GUEST_AGENT_ABSENT', `No guest agent runs in VM ${name}`, {
      field: 'vm',
      hint: `If it still boots, wait: aetherscale vm wait ${name} --for agent. Else install qemu-guest-agent in the guest`,
    })
  }
  return live
}

function lostWhile(entry: Entry, live: Live): UserError {
  const what = entry.live === live ? 'The guest agent' : 'QEMU'
  return new UserError('GUEST_LOST', `${what} of VM ${nameOf(entry)} ended in the midst`, {
    field: 'vm',
    hint: 'What was begun may have been done; vm.get and vm.log tell how the VM is',
  })
}

async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  // Whichever comes second has nobody to hear it.
  promise.catch(() => undefined)
  signal.throwIfAborted()
  let abort = (): void => undefined
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the reason is a UserError
      reject(signal.reason)
    }
    signal.addEventListener('abort', abort)
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

function check<Answer extends z.ZodType>(entry: Entry, command: string, shape: Answer, answer: unknown): z.output<Answer> {
  const checked = shape.safeParse(answer)
  if (checked.success) return checked.data
  throw nonsense(entry, command, checked.error.issues[0]?.message ?? 'not the shape expected')
}

/** For an answer that fits its shape and still cannot be. */
export function nonsense(entry: Entry, command: string, why: string): UserError {
  return new UserError('GUEST_NONSENSE', `The agent of VM ${nameOf(entry)} answered nonsense to ${command}: ${why}`, {
    hint: 'Its guest is broken or means harm',
  })
}

function explainFailure(entry: Entry, error: unknown, explain: Question<z.ZodType>['explain']): unknown {
  const name = nameOf(entry)
  if (error instanceof AgentError) {
    // qmp_disabled and the like of QEMU's qapi/qmp-dispatch.c: also of a command that the agent is too old for.
    if (error.class === 'CommandNotFound') return refusal(name, error)
    return explain?.(error) ?? new UserError('GUEST_AGENT_FAILED', `The agent of VM ${name} failed: ${error.message}`)
  }
  if (error instanceof AgentAbsent || error instanceof AgentTimeout) {
    return new UserError('GUEST_AGENT_TIMEOUT', `The agent of VM ${name} is there and does not answer: ${error.message}`, {
      hint: "The guest hangs, has too much to do, or another program holds the agent's socket; what was asked may still be done",
      cause: error,
    })
  }
  return error instanceof AgentNonsense ? nonsense(entry, 'a question', error.message) : error
}

function refusal(name: string, { message }: AgentError): UserError {
  return new UserError('GUEST_AGENT_REFUSES', `The agent of VM ${name} refuses: ${message}`, {
    hint:
      'Allow it in the guest and restart qemu-guest-agent: in /etc/sysconfig/qemu-ga (FILTER_RPC_ARGS or BLACKLIST_RPC), or ' +
      'block-rpcs, blacklist and allow-rpcs in /etc/qemu/qemu-ga.conf',
  })
}

/** As people call it. */
export function nameOf({ id, record }: Entry): string {
  return record.name ?? id
}
