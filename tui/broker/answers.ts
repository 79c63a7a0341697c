/** What is answered, in the language of the request. Pure. */
import { errorTable, type ErrorName } from '../../policy/errors.ts'
import type { LegacyAnswer } from '../../policy/legacy.ts'
import type { RpcError } from '../connection-error.ts'
import { inOneLine } from '../in-one-line.ts'
import type { Form } from './request.ts'

export const succeed = (response: unknown): LegacyAnswer => ({ 'execution-info': { status: 'success' }, response })
export const fail = (reason: string): LegacyAnswer => ({ 'execution-info': { status: 'error', reason } })

/** `undefined` where nothing is answered: a notification of JSON-RPC. */
export function answerResult(form: Form, result: unknown): object | undefined {
  if (form.kind === 'legacy') return succeed(result)
  return form.id === undefined ? undefined : { jsonrpc: '2.0', id: form.id, result }
}

/** An error of ours, by its name. */
export function answerError(form: Form, name: ErrorName, message: string): object {
  if (form.kind === 'legacy') return fail(message)
  // JSON-RPC 2.0, section 5: what cannot be read is answered with the id null.
  return { jsonrpc: '2.0', id: form.id ?? null, error: { code: errorTable[name].code, message, data: { name } } }
}

/** An error that the daemon has answered. */
export function answerRefusal(form: Form, error: RpcError): object | undefined {
  if (form.kind === 'legacy') return fail(inOneLine(error))
  return form.id === undefined ? undefined : { jsonrpc: '2.0', id: form.id, error: error.object }
}
