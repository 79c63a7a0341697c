/** PURE: from the bytes of a line to a request that fits the contract. */
import * as z from 'zod/mini'
import { operations, type Operation, type OperationParams } from '../policy/privileged/operations.ts'
import { refuse } from './refusal.ts'

/** One operation with params that fit it. */
export type Request = { [O in Operation]: { readonly operation: O; readonly params: OperationParams<O> } }[Operation]

/** JSON-RPC 2.0 without notifications and batches: nobody would hear what came of them. */
const Envelope = z.strictObject({
  jsonrpc: z.literal('2.0'),
  // not maxLength, which asks whatever has a length for it
  id: z.union([z.int(), z.string().check(z.regex(/^[^]{0,64}$/))]),
  method: z.string(),
  params: z._default(z.unknown(), {}),
})

/** Throws PARSE_ERROR and INVALID_REQUEST. */
export function parseEnvelope(bytes: Uint8Array): z.output<typeof Envelope> {
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch {
    refuse('PARSE_ERROR', 'The line is not one JSON text in UTF-8')
  }
  return Envelope.safeParse(json).data ?? refuse('INVALID_REQUEST', 'Not one JSON-RPC 2.0 request with an id')
}

/** Throws METHOD_NOT_FOUND and INVALID_PARAMS. */
export function parseRequest({ method, params }: z.output<typeof Envelope>): Request {
  if (!Object.hasOwn(operations, method)) refuse('METHOD_NOT_FOUND', 'There is no such operation')
  const { success, data, error } = operations[method as Operation].safeParse(params)
  if (success) return { operation: method, params: data } as Request
  refuse('INVALID_PARAMS', `${['params', ...error.issues[0]!.path].join('.')} does not fit ${method}: ${error.issues[0]!.code}`)
}
