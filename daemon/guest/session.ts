/**
 * A conversation with the agent of one guest: several questions that belong together. It is over when that agent, or
 * QEMU, is: process ids and file handles mean nothing to the one that comes after.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type * as z from 'zod'
import { UserError } from '../../policy/errors.ts'
import type { AgentError, AskOptions } from '../qemu/agent.ts'
import type { VmDependencies } from '../vm/dependencies.ts'
import type { Live } from '../vm/live.ts'
import type { Entry } from '../vm/table.ts'
import { explainFailure, isFrozen, nameOf, nonsense } from './failures.ts'

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
   * Throws GUEST_AGENT_TIMEOUT, GUEST_AGENT_REFUSES, GUEST_AGENT_FAILED, GUEST_FROZEN, GUEST_NONSENSE; GUEST_LOST as soon as the agent
   * or the VM has ended.
   */
  ask<Answer extends z.ZodType>(question: Question<Answer>): Promise<z.output<Answer>>
  /** Aborted, with GUEST_LOST for its reason, when the agent or the VM has ended. */
  readonly lost: AbortSignal
}

/** A snapshot has the guest hold its file systems still for a moment, in which its agent refuses nearly everything. */
const FROZEN_WITHIN_MS = 10_000
const FROZEN_RETRY_MS = 200

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
        for (const begin = performance.now(); ; await delay(FROZEN_RETRY_MS, undefined, { ref: false })) {
          const asked = deps.agent(entry).execute(command, args, options)
          try {
            return check(entry, command, answer, await untilAborted(asked, ending.signal))
          } catch (error) {
            // It was refused, so it can be asked again.
            if (!isFrozen(error) || performance.now() - begin > FROZEN_WITHIN_MS) throw explainFailure(entry, error, explain)
          }
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
    throw new UserError('VM_NOT_RUNNING', `VM ${name} is paused, and so is its agent`, { field: 'vm', hint: `Let it go on: aetherscale vm resume ${name}` })
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
