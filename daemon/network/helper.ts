/** The daemon's side of the privileged helper: asks for one of its operations, and bears its absence for a moment. */
import { statSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import * as z from 'zod'
import { UserError } from '../../policy/errors.ts'
import { privilegedCodes, type PrivilegedErrorName } from '../../policy/privileged/errors.ts'
import type { Operation, OperationParams } from '../../policy/privileged/operations.ts'
import { operationResults, type OperationResult } from '../../policy/privileged/results.ts'
import { exchangeLine } from './exchange.ts'
import { createTurns } from './turns.ts'

export interface NetworkHelper {
  /** Path of its socket. */
  readonly path: string
  /**
   * Throws what the helper refuses with, its hint kept, and NET_UNREACHABLE with the socket's error as its cause. Every
   * operation is idempotent, so one whose answer was lost is asked for again.
   */
  call<O extends Operation>(operation: O, params: OperationParams<O>): Promise<OperationResult<O>>
}

export interface Patience {
  /** From a request's turn until it has failed. */
  readonly answerMs: number
  /** The helper starts anew when a principal is added, and is away that long. */
  readonly restartMs: number
  /** On most hosts without a socket there is no helper at all. */
  readonly absentMs: number
}

const usual: Patience = { answerMs: 15_000, restartMs: 3000, absentMs: 300 }
const RETRY_MS = 50
/** The helper does one request at a time and turns away who holds many connections; one waits while another is done. */
const IN_FLIGHT = 4

/** Errors that a helper which starts anew gives: no socket, nobody behind it, its queue full, its process gone. */
const passing: ReadonlySet<string> = new Set(['ENOENT', 'ECONNREFUSED', 'EAGAIN', 'ECONNRESET', 'EPIPE'])

const Answer = z.union([
  z.object({ result: z.unknown() }).refine((answer) => 'result' in answer && !('error' in answer)),
  z.object({ error: z.object({ message: z.string(), data: z.object({ name: z.string(), hint: z.string().optional() }) }) }),
])

export function createNetworkHelper(path: string, patience: Patience = usual): NetworkHelper {
  const inTurn = createTurns(IN_FLIGHT)
  let wasThere = false

  const ask = async (request: string): Promise<string> => {
    const until = performance.now() + patience.answerMs
    let failingSince: number | undefined
    for (;;) {
      try {
        const answer = await exchangeLine(path, request, Math.max(1, until - performance.now()))
        wasThere = true
        return answer
      } catch (error) {
        const { code = '' } = error as NodeJS.ErrnoException
        const now = performance.now()
        failingSince ??= now
        if (code !== 'ENOENT' && passing.has(code)) wasThere = true
        const retryMs = wasThere ? patience.restartMs : patience.absentMs
        if (!passing.has(code) || now - failingSince > retryMs || now > until) throw unreachable(path, error as NodeJS.ErrnoException)
        await delay(RETRY_MS)
      }
    }
  }

  return {
    path,
    call: (operation, params) =>
      inTurn(async () => {
        const text = await ask(JSON.stringify({ jsonrpc: '2.0', id: 1, method: operation, params }))
        return readAnswer(path, operation, text)
      }),
  }
}

function readAnswer<O extends Operation>(path: string, operation: O, text: string): OperationResult<O> {
  const { data: answer } = Answer.safeParse(parseJson(text))
  if (answer && 'error' in answer) {
    const { message, data: { name, hint } } = answer.error
    const known: PrivilegedErrorName = Object.hasOwn(privilegedCodes, name) ? (name as PrivilegedErrorName) : 'NET_FAILED'
    throw new UserError(known, message, { ...(hint !== undefined && { hint }) })
  }
  const result = operationResults[operation].safeParse(answer?.result)
  if (result.success) return result.data as OperationResult<O>
  throw new UserError('NET_UNREACHABLE', `What listens at ${path} does not answer ${operation} as the network helper does`, {
    hint: 'Daemon and helper are of different versions: install the same',
  })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function unreachable(path: string, cause: NodeJS.ErrnoException): UserError {
  const uid = process.getuid?.() ?? 0
  const start = `The network helper does not answer at ${path}: `
  switch (cause.code) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ECONNREFUSED':
      return new UserError('NET_UNREACHABLE', `${start}${cause.code === 'ECONNREFUSED' ? 'nobody listens' : 'there is no socket'}`, {
        hint: "The host's admin sets it up for each user; until then VMs can have networks of kind `user`",
        cause,
      })
    case 'EACCES':
    case 'EPERM':
      return new UserError('NET_UNREACHABLE', `${start}uid ${uid} may not use this socket, ${describeOwner(path)}`, {
        hint: `Each user has a socket of their own: the host's admin lists uid ${uid} in the allowlist and enables that socket`,
        cause,
      })
    default:
      return new UserError('NET_UNREACHABLE', start + cause.message, {
        hint: "Its log tells the host's admin more: journalctl -u aetherscale-net",
        cause,
      })
  }
}

function describeOwner(path: string): string {
  try {
    return `which is uid ${statSync(path).uid}'s`
  } catch {
    return 'nor look into its folder'
  }
}
