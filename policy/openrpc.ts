/** The method table as an OpenRPC document (https://spec.open-rpc.org), for `rpc.discover`, docs and client generators. */
import type * as z from 'zod'
import { notifications } from './api/events.ts'
import { everyMethod } from './api/index.ts'
import type { Method } from './api/method.ts'
import { toSchema, type Schema } from './components.ts'
import { errorTable, type ErrorName } from './errors.ts'

/** The newest version that the published meta-schema admits. */
const OPENRPC_VERSION = '1.3.2'

export interface ContentDescriptor {
  readonly name: string
  readonly required?: boolean
  readonly description?: string
  readonly schema: Schema
}

export interface OpenRpcMethod {
  readonly name: string
  readonly summary: string
  readonly description?: string
  readonly paramStructure: 'by-name'
  readonly params: readonly ContentDescriptor[]
  readonly result: ContentDescriptor
  readonly errors: readonly { readonly code: number; readonly message: string; readonly data: { readonly name: ErrorName } }[]
  /** `control`: answered on the control socket alone. */
  readonly 'x-access': Method['access']
  readonly 'x-progress'?: true
  readonly 'x-upgrade'?: true
}

export type OpenRpcDocument = {
  readonly openrpc: typeof OPENRPC_VERSION
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly methods: readonly OpenRpcMethod[]
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
  /** What the daemon sends unasked: OpenRPC has no place of its own for notifications. */
  readonly 'x-notifications': readonly { readonly name: string; readonly summary: string; readonly params: Schema }[]
}

/** Describes every method of the table; `version` is the daemon's. */
export function describeApi(methods: Readonly<Record<string, Method>>, version: string, title = 'aetherscale'): OpenRpcDocument {
  const schemas: Record<string, Schema> = {}
  const convert = (schema: z.ZodType) => toSchema(schema, schemas, 'draft-7')
  return {
    openrpc: OPENRPC_VERSION,
    info: { title, version, description: 'JSON-RPC 2.0 over Unix sockets, one JSON text a line' },
    methods: Object.entries(methods).map(([name, entry]) => describeMethod(name, entry, convert)),
    'x-notifications': Object.entries(notifications).map(([name, { summary, params }]) => ({
      name,
      summary,
      params: convert(params),
    })),
    components: { schemas },
  }
}

function describeMethod(name: string, entry: Method, convert: (schema: z.ZodType) => Schema): OpenRpcMethod {
  const { summary, description, access, progress, upgrade } = entry
  const params = convert(entry.params) as { properties?: Record<string, Schema>; required?: readonly string[] }
  return {
    name,
    summary,
    ...(description !== undefined && { description }),
    paramStructure: 'by-name',
    params: Object.entries(params.properties ?? {}).map(([param, schema]) => ({
      name: param,
      required: params.required?.includes(param) ?? false,
      ...(typeof schema['description'] === 'string' && { description: schema['description'] }),
      schema,
    })),
    result: { name: 'result', schema: convert(entry.result) },
    errors: [...entry.errors, ...everyMethod].map(describeError),
    'x-access': access,
    ...(progress && { 'x-progress': progress }),
    ...(upgrade && { 'x-upgrade': upgrade }),
  }
}

function describeError(name: ErrorName): OpenRpcMethod['errors'][number] {
  return { code: errorTable[name].code, message: errorTable[name].summary, data: { name } }
}
