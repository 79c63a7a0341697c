/** The routes as an OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.1), for client generators and for reading. Pure. */
import type * as z from 'zod'
import { everyMethod, methods } from '../api/index.ts'
import { notifications, Progress } from '../api/events.ts'
import type { Method } from '../api/method.ts'
import { toSchema, type Schema } from '../components.ts'
import type { ErrorName } from '../errors.ts'
import { doorProblems, PROBLEM_TYPE, statusOf } from './problems.ts'
import { deriveRoutes, HTTP_PREFIX, queryShapes, type Route } from './routes.ts'

export interface OpenApiDocument {
  readonly openapi: '3.1.0'
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly security: readonly object[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>>; readonly securitySchemes: object }
}

interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  readonly tags: readonly string[]
  readonly parameters?: readonly object[]
  readonly requestBody?: object
  readonly responses: Readonly<Record<string, object>>
  /** `control`: not served where the door only observes. */
  readonly 'x-access'?: Method['access']
}

const EVENT_STREAM = 'text/event-stream'

/** `version` is the program's. */
export function describeHttp(version: string): OpenApiDocument {
  const schemas: Record<string, Schema> = {}
  const convert = (schema: z.ZodType): Schema => toSchema(schema, schemas, 'draft-2020-12')
  const paths: Record<string, Record<string, Operation>> = {}
  for (const route of deriveRoutes()) {
    const at = (paths[route.path] ??= {})
    at[route.verb.toLowerCase()] = describeRoute(route, convert)
  }
  paths[`${HTTP_PREFIX}/openapi.json`] = { get: describeOther('openapi', 'Show this document', 'application/json') }
  paths['/metrics'] = { get: describeOther('metrics', 'Show counts and durations for Prometheus, as text', 'text/plain') }
  schemas['Problem'] = problemSchema
  return {
    openapi: '3.1.0',
    info: { title: 'aetherscale', version, description: 'Virtual machines of one host. Each operation is a method of the JSON-RPC table, under its name.' },
    security: [{ token: [] }, {}],
    paths,
    components: { schemas, securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'Where the door listens on TCP; over its Unix socket nobody asks for one' } } },
  }
}

function describeRoute(route: Route, convert: (schema: z.ZodType) => Schema): Operation {
  const entry: Method = methods[route.method]
  const { properties = {}, required = [], ...about } = convert(entry.params) as { properties?: Record<string, Schema>; required?: string[] }
  const rest = Object.keys(properties).filter((param) => !route.placed.includes(param))
  const needed = rest.filter((param) => required.includes(param))
  const shapes = queryShapes(route.method, route.placed)
  const inQuery = route.rest === 'query' ? rest.filter((param) => shapes[param] !== 'json') : []
  const parameters = [
    ...route.placed.map((name) => ({ name, in: 'path', required: true, schema: properties[name] })),
    ...inQuery.map((name) => ({ name, in: 'query', required: needed.includes(name), schema: properties[name], style: 'form', explode: true })),
    ...(route.method === 'vm.create' ? [idempotencyKey] : []),
    ...(route.stream === 'event' ? [lastEventId] : []),
  ]
  const body = { ...about, properties: Object.fromEntries(rest.map((param) => [param, properties[param]!])), ...(needed.length > 0 && { required: needed }) }
  const isTwo = route.verb === 'POST' && entry.access === 'observe'
  return {
    operationId: isTwo ? `${route.method}.post` : route.method,
    summary: entry.summary,
    ...(entry.description !== undefined && { description: entry.description }),
    tags: [route.method.split('.')[0]!],
    ...(parameters.length > 0 && { parameters }),
    ...(route.rest === 'body' && rest.length > 0 && { requestBody: { required: needed.length > 0, content: { 'application/json': { schema: body } } } }),
    responses: { 200: { description: 'The result', content: describeContent(route, entry, convert) }, ...describeErrors(entry.errors) },
    'x-access': entry.access,
  }
}

/** A stream's events have the name of their notification; those of an operation are `progress`, and at its end `result` or `problem`. */
function describeContent(route: Route, entry: Method, convert: (schema: z.ZodType) => Schema): object {
  if (route.stream !== undefined) {
    const about = `Events named \`${route.stream}\`, whose data has this schema as JSON; at the end one named \`problem\``
    return { [EVENT_STREAM]: { schema: { type: 'string', description: about, contentMediaType: 'application/json', contentSchema: convert(notifications[route.stream].params) } } }
  }
  const result = { 'application/json': { schema: convert(entry.result) } }
  if (!entry.progress) return result
  const about = 'Events named `progress`, whose data has this schema as JSON; the last one is `result` or `problem`'
  return { ...result, [EVENT_STREAM]: { schema: { type: 'string', description: about, contentMediaType: 'application/json', contentSchema: convert(Progress) } } }
}

function describeErrors(own: readonly ErrorName[]): Record<string, object> {
  const byStatus = Map.groupBy([...own, ...everyMethod], statusOf)
  const responses = [...byStatus].map(([status, names]) => [status, problemResponse([...new Set(names)].join(', '))] as const)
  return { ...Object.fromEntries(responses), default: problemResponse(Object.keys(doorProblems).join(', ')) }
}

function problemResponse(description: string): object {
  return { description, content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } } }
}

function describeOther(operationId: string, summary: string, type: string): Operation {
  return {
    operationId,
    summary,
    tags: ['door'],
    responses: { 200: { description: 'The text', content: { [type]: {} } }, default: problemResponse(Object.keys(doorProblems).join(', ')) },
  }
}

const header = (name: string, description: string): Schema => ({ name, in: 'header', required: false, description, schema: { type: 'string' } })
const idempotencyKey = header('Idempotency-Key', 'The same as `requestId`')
const lastEventId = header('Last-Event-ID', 'The id of an event: those that followed it are sent first, in the place of `recent`; all that are remembered, where it is not')

const problemSchema: Schema = {
  type: 'object',
  description: 'RFC 9457, and what the error of the method says',
  required: ['type', 'title', 'status', 'detail', 'name'],
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What happened and why' },
    name: { type: 'string', description: 'What scripts compare' },
    code: { type: 'integer', description: 'Of JSON-RPC; absent for problems of the door itself' },
    field: { type: 'string', description: 'The param that is wrong' },
    hint: { type: 'string', description: 'What to do' },
    ref: { type: 'string', description: "The key of the daemon's log line" },
  },
}
