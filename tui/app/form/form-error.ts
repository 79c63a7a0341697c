/** PURE: what the daemon says of params, in the terms of a form. */
import type { MethodName } from '../../../policy/api/index.ts'
import { RpcError } from '../../connection-error.ts'
import type { FormError } from './form.ts'

/** Which method was asked, and what else it takes, is of no use to who sees fields. */
export function formErrorOf(error: Error, method: MethodName): FormError {
  const { message } = error
  const { field, hint } = error as { field?: string; hint?: string }
  const said = { message: message.startsWith(`${method}: `) ? message.slice(method.length + 2) : message, ...(field !== undefined && { field }) }
  const isList = error instanceof RpcError && error.name === 'INVALID_PARAMS' && hint?.startsWith(`${method} takes `)
  return hint === undefined || isList ? said : { ...said, hint }
}
