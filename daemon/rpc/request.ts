/**
 * What of a parsed JSON text is a request object of JSON-RPC 2.0 (section 4). Stricter than json-rpc-2.0, which reads
 * members of null and lets any `method` and `id` pass.
 */
import type { JSONRPCID, JSONRPCRequest } from 'json-rpc-2.0'
import { UserError } from '../../policy/errors.ts'

/** A request, or why it is none and under which id to say so (null where it has no valid one; section 5). */
export type Examined = { readonly request: JSONRPCRequest } | { readonly refusal: UserError; readonly id: JSONRPCID }

export function examineRequest(value: unknown): Examined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { refusal: invalid(`A request is a JSON object, this is ${nameType(value)}`), id: null }
  }
  const candidate = value as Partial<Record<'jsonrpc' | 'method' | 'id' | 'params' | 'result' | 'error', unknown>>
  const { id, params } = candidate
  if (!isId(id)) return { refusal: invalid(`"id" is ${nameType(id)}; it has to be a string, a number that JSON carries exactly, or null`), id: null }
  const problem = findProblem(candidate.jsonrpc, candidate.method, params, candidate)
  if (problem !== undefined) return { refusal: invalid(problem), id: id ?? null }
  return { request: candidate as JSONRPCRequest }
}

function findProblem(version: unknown, method: unknown, params: unknown, whole: object): string | undefined {
  if (version !== '2.0') return '"jsonrpc" has to be the string "2.0"'
  if ('result' in whole || 'error' in whole) return 'This is an answer ("result" or "error"), not a request'
  if (typeof method !== 'string') return `"method" has to be a string, it is ${nameType(method)}`
  if (params !== undefined && (typeof params !== 'object' || params === null)) {
    return `"params" has to be an object, it is ${nameType(params)}`
  }
  return undefined
}

/** Absent, null, a string, or a number that comes back as it was sent: not 1e999, no integer beyond 2^53 - 1. */
function isId(id: unknown): id is JSONRPCID | undefined {
  if (id === undefined || id === null || typeof id === 'string') return true
  return typeof id === 'number' && Math.abs(id) <= Number.MAX_SAFE_INTEGER
}

function invalid(message: string): UserError {
  return new UserError('INVALID_REQUEST', message, { hint: 'See https://www.jsonrpc.org/specification#request_object' })
}

function nameType(value: unknown): string {
  if (value === undefined) return 'missing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
