/** PURE: what the daemon says of params, in the terms of a form. */
import type { MethodName } from '../../../policy/api/index.ts'
import { ConnectionError, RpcError } from '../../connection-error.ts'
import type { FormError } from './form.ts'

/** Which method was asked, and what else it takes, is of no use to who sees fields. */
export function formErrorOf(error: Error, method: MethodName): FormError {
  // Sent again it might be done twice.
  if (error instanceof ConnectionError) return { message: error.message, hint: 'the daemon may go on with it: look whether it is done before you try again' }
  const { field, hint } = error as { field?: string; hint?: string }
  const message = [method, field].reduce<string>((text, name) => (name !== undefined && text.startsWith(`${name}: `) ? text.slice(name.length + 2) : text), error.message)
  const said = { message, ...(field !== undefined && { field }) }
  const isList = error instanceof RpcError && error.name === 'INVALID_PARAMS' && hint?.startsWith(`${method} takes `)
  return hint === undefined || isList ? said : { ...said, hint }
}
