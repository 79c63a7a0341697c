/** From the text of a line to the text of its answer: JSON-RPC 2.0 in full, methods from the table. */
import { JSONRPCServer, type JSONRPCID, type JSONRPCRequest, type JSONRPCResponse } from 'json-rpc-2.0'
import { UserError } from '../../policy/errors.ts'
import { methods, type MethodName } from '../../policy/api/index.ts'
import type { Method } from '../../policy/api/method.ts'
import { BATCH_LIMIT } from '../../policy/wire.ts'
import type { Logger } from '../log.ts'
import { createCall, type AnyHandler, type Caller } from './call.ts'
import { explainFailure, toRpcError } from './failure.ts'
import type { Handlers } from './handler.ts'
import { JsonText } from './json-text.ts'
import { examineRequest } from './request.ts'

/**
 * Answers a line. Handlers are invoked before it returns; `reply` is called once, now or later, with `undefined` where
 * nothing is to be answered (notifications). A callback, for a promise more a request is measurable.
 */
export type Dispatcher = (line: string, caller: Caller, reply: (answer: string | undefined) => void) => void

export interface DispatcherOptions {
  readonly handlers: Handlers
  readonly log: Logger
  readonly validateResults?: boolean
  readonly isStopping?: () => boolean
}

export function createDispatcher({ handlers, log, validateResults = false, isStopping = () => false }: DispatcherOptions): Dispatcher {
  const server = createServer()
  const encode = (response: JSONRPCResponse | null): string | undefined => {
    if (response === null) return undefined
    if (response.result instanceof JsonText) {
      return `{"jsonrpc":"2.0","id":${JSON.stringify(response.id)},"result":${response.result.text}}`
    }
    try {
      return JSON.stringify(response)
    } catch (error) {
      return JSON.stringify({ jsonrpc: '2.0', id: response.id, error: explainFailure(error, 'answer', log) })
    }
  }
  return (line, caller, reply) => {
    let value: unknown
    try {
      value = JSON.parse(line)
    } catch (error) {
      return reply(encode(refuse(null, new UserError('PARSE_ERROR', `The line is not JSON: ${(error as Error).message}`))))
    }
    if (Array.isArray(value)) return answerBatch(value, caller, reply)
    const examined = examineRequest(value)
    if ('refusal' in examined) return reply(encode(refuse(examined.id, examined.refusal)))
    server.receive(examined.request, caller).then((response) => reply(encode(response)))
  }

  /** json-rpc-2.0 would answer a batch of one with an object and end on a null: it gets the requests one by one. */
  function answerBatch(batch: readonly unknown[], caller: Caller, reply: Parameters<Dispatcher>[2]): void {
    if (batch.length === 0) return reply(encode(refuse(null, new UserError('INVALID_REQUEST', 'The batch is empty'))))
    if (batch.length > BATCH_LIMIT) {
      const message = `The batch holds ${batch.length} requests, at most ${BATCH_LIMIT} are taken`
      return reply(encode(refuse(null, new UserError('BATCH_TOO_LARGE', message, { hint: 'Split it' }))))
    }
    const responses = batch.map(async (value) => {
      const examined = examineRequest(value)
      if ('refusal' in examined) return refuse(examined.id, examined.refusal)
      const { request } = examined
      return isUpgrade(request.method) ? refuseUpgrade(request) : server.receive(request, caller)
    })
    void Promise.all(responses).then((settled) => {
      const texts = settled.map(encode).filter((text) => text !== undefined)
      reply(texts.length === 0 ? undefined : `[${texts.join(',')}]`)
    })
  }

  function createServer(): JSONRPCServer<Caller> {
    // Calls explain their own failures, so nothing is left for the library's error listener, which would use the console.
    const made = new JSONRPCServer<Caller>({ errorListener: (message, error) => log.error({ err: error }, message) })
    for (const name of Object.keys(methods) as MethodName[]) {
      made.addMethodAdvanced(name, createCall(name, handlers[name] as AnyHandler, { log, isStopping, validateResults }))
    }
    made.handleMethodNotFound = (request) => Promise.resolve(refuseUnknown(request))
    return made
  }
}

function refuse(id: JSONRPCID, error: UserError): JSONRPCResponse {
  return { jsonrpc: '2.0', id, error: toRpcError(error) }
}

function refuseUnknown({ id, method }: JSONRPCRequest): JSONRPCResponse | null {
  if (id === undefined) return null
  const shown = method.length > 100 ? `${method.slice(0, 100)}…` : method
  return refuse(id, new UserError('METHOD_NOT_FOUND', `There is no method ${JSON.stringify(shown)}`, { hint: 'rpc.discover lists them' }))
}

function refuseUpgrade({ id, method }: JSONRPCRequest): JSONRPCResponse | null {
  if (id === undefined) return null
  return refuse(id, new UserError('INVALID_REQUEST', `${method} takes the connection over and cannot be part of a batch`))
}

function isUpgrade(name: string): boolean {
  const entry: Method | undefined = Object.hasOwn(methods, name) ? methods[name as MethodName] : undefined
  return entry?.upgrade === true
}
