/** PURE: what the daemon says of params, in the terms of a form. */
import type { MethodName } from '../../../policy/api/index.ts'
import { RpcError } from '../../connection-error.ts'
import type { FormError } from './form.ts'

/** Which method was asked, and what else it takes, is of no use to who sees fields. */
export function formErrorOf(error: Error, method: MethodName): FormError {
  const { field, hint } = error as { field?: string; hint?: string }
  const message = [method, field].reduce<string>((text, name) => (name !== undefined && text.startsWith(`${name}: `) ? text.slice(name.length + 2) : text), error.message)
  const said = { message, ...(field !== undefined && { field }) }
  const isList = error instanceof RpcError && error.name === 'INVALID_PARAMS' && hint?.startsWith(`${method} takes `)
  return hint === undefined || isList ? said : { ...said, hint }
}
