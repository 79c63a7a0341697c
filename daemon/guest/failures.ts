/** What can go wrong in a conversation with a guest, in the terms of callers. */
import { UserError } from '../../policy/errors.ts'
import { AgentAbsent, AgentError, AgentNonsense, AgentTimeout } from '../qemu/agent.ts'
import type { Entry } from '../vm/table.ts'

/** For an answer that fits its shape and still cannot be. */
export function nonsense(entry: Entry, command: string, why: string): UserError {
  return new UserError('GUEST_NONSENSE', `The agent of VM ${nameOf(entry)} answered nonsense to ${command}: ${why}`, {
    hint: 'Its guest is broken or means harm',
  })
}

/** Whether the agent refused because file systems are frozen (ga_disable_not_allowed_freeze in QEMU's qga/main.c). */
export function isFrozen(error: unknown): boolean {
  return error instanceof AgentError && error.class === 'CommandNotFound' && error.desc.includes('frozen')
}

/** In the terms of callers; `explain` knows what it means that the agent failed, by default it is GUEST_AGENT_FAILED. */
export function explainFailure(entry: Entry, error: unknown, explain: ((error: AgentError) => UserError) | undefined): unknown {
  const name = nameOf(entry)
  if (error instanceof AgentError) {
    if (isFrozen(error)) return frozen(name, error)
    // ERROR_CLASS_COMMAND_NOT_FOUND in QEMU's qapi/qmp-dispatch.c: forbidden, or the agent is too old for it.
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

function frozen(name: string, { message }: AgentError): UserError {
  return new UserError('GUEST_FROZEN', `The guest of VM ${name} holds its file systems still: ${message}`, {
    hint: 'Try again when the snapshot or the backup is done',
  })
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
