/** The method table -> the routes below /v1: by rule, so that a new method has its route. Pure. */
import type * as z from 'zod'
import { methods, type MethodName } from '../api/index.ts'
import type { Method } from '../api/method.ts'
import type { notifications } from '../api/events.ts'

export const HTTP_PREFIX = '/v1'

/** The notifications that are streams. */
export type StreamName = Extract<keyof typeof notifications, 'event' | 'stats'>

export type Verb = 'GET' | 'POST' | 'PATCH' | 'DELETE'

export interface Route {
  readonly method: MethodName
  readonly verb: Verb
  /** Params in braces, as OpenAPI has them: `/v1/vm/{vm}/snapshot/{name}`. */
  readonly path: string
  /** The params that stand in the path. */
  readonly placed: readonly string[]
  /** Where the other params are. */
  readonly rest: 'query' | 'body'
  /** The notification that is sent on as server-sent events, for as long as the client listens. */
  readonly stream?: StreamName
}

/** What a param of a query is read as; `json` has no place in a query. */
export type QueryShape = 'string' | 'number' | 'boolean' | 'strings' | 'json'

const streams: Partial<Record<MethodName, StreamName>> = { 'events.subscribe': 'event', 'stats.subscribe': 'stats' }

/** Verbs of the method table that HTTP has a verb for, about a collection or about one thing of it. */
const onCollection: Readonly<Record<string, Verb>> = { create: 'POST', add: 'POST', list: 'GET' }
const onItem: Readonly<Record<string, Verb>> = { get: 'GET', set: 'PATCH', delete: 'DELETE', remove: 'DELETE' }

/**
 * All routes, in the table's order.
 *
 * - `vm.list` and `vm.create` are of the collection, GET and POST /v1/vm; `vm.get`, `vm.set`, `vm.delete` of one, GET, PATCH and
 *   DELETE /v1/vm/{vm}. `vm.snapshot.*` and `vpn.peer.*` are collections below one.
 * - Any other word stands at the end: GET where the method only observes, else POST: /v1/vm/{vm}/start, /v1/image/import. Where a name
 *   could stand in its place, `-` stands for no name: /v1/vm/-/stats.
 * - A method that observes and takes what a query cannot say (objects) has a POST as well.
 * - A subscription is a stream: /v1/events. What ends one, and what leaves HTTP (a console), has no route.
 */
export function deriveRoutes(table: Readonly<Record<string, Method>> = methods): Route[] {
  return Object.entries(table).flatMap(([name, method]) => deriveFor(name as MethodName, method, table))
}

function deriveFor(method: MethodName, entry: Method, table: Readonly<Record<string, Method>>): Route[] {
  const stream = streams[method]
  const words = method.split('.')
  if (stream !== undefined) return [{ method, verb: 'GET', path: `${HTTP_PREFIX}/${words[0]}`, placed: [], rest: 'query', stream }]
  if (entry.upgrade || words.at(-1) === 'unsubscribe') return []
  const { verb, path, placed } = place(words, entry, table)
  const route: Route = { method, verb, path, placed, rest: verb === 'GET' || verb === 'DELETE' ? 'query' : 'body' }
  const isSayable = verb !== 'GET' || Object.values(queryShapes(method, placed, table)).every((shape) => shape !== 'json')
  return isSayable ? [route] : [route, { ...route, verb: 'POST', rest: 'body' }]
}

function place(words: readonly string[], entry: Method, table: Readonly<Record<string, Method>>): Pick<Route, 'verb' | 'path' | 'placed'> {
  const [resource = '', ...more] = words
  const action = more.pop() ?? ''
  const shape = entry.params.shape as Readonly<Record<string, z.ZodType>>
  const isRequired = (param: string): boolean => shape[param] !== undefined && !shape[param].safeParse(undefined).success
  const path = [HTTP_PREFIX.slice(1), resource]
  const placed: string[] = []
  const putParam = (param: string): void => {
    placed.push(param)
    path.push(`{${param}}`)
  }
  const observed: Verb = entry.access === 'observe' ? 'GET' : 'POST'
  const verb = onCollection[action] ?? onItem[action] ?? observed
  const owner = onCollection[action] && more.length === 0 ? undefined : isRequired(resource) ? resource : undefined
  if (owner !== undefined) putParam(owner)
  for (const sub of more) {
    path.push(sub)
    const item = [sub, 'name'].find(isRequired)
    if (!onCollection[action] && item !== undefined) putParam(item)
  }
  if (onCollection[action] || onItem[action]) return { verb, path: `/${path.join('/')}`, placed }
  const isAmbiguous = placed.length === 0 && verb === 'GET' && `${resource}.get` in table
  return { verb, path: `/${[...path, ...(isAmbiguous ? ['-'] : []), action].join('/')}`, placed }
}

/** How each param that is not in the path is read in a query. */
export function queryShapes(method: MethodName, placed: readonly string[], table: Readonly<Record<string, Method>> = methods): Record<string, QueryShape> {
  const schema = table[method]!.params.toJSONSchema({ io: 'input' }) as JsonSchema
  const named = schema.$defs ?? {}
  const rest = Object.entries(schema.properties ?? {}).filter(([param]) => !placed.includes(param))
  return Object.fromEntries(rest.map(([param, property]) => [param, shapeOf(property, named)]))
}

/** Whether it is answered from what the daemon holds: it changes nothing, and no param says how long it may take. */
export function isQuick(method: MethodName): boolean {
  const { access, progress, params }: Method = methods[method]
  const { properties = {} } = params.toJSONSchema({ io: 'input' }) as JsonSchema
  return access === 'observe' && !progress && Object.values(properties).every(({ unit }) => unit !== 's')
}

interface JsonSchema {
  readonly unit?: string
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, JsonSchema>>
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly items?: JsonSchema
  readonly properties?: Readonly<Record<string, JsonSchema>>
}

function shapeOf(schema: JsonSchema, named: Readonly<Record<string, JsonSchema>>): QueryShape {
  if (schema.$ref !== undefined) return shapeOf(named[schema.$ref.replace('#/$defs/', '')] ?? {}, named)
  if (schema.type === 'integer' || schema.type === 'number') return 'number'
  if (schema.type === 'boolean') return 'boolean'
  if (schema.type === 'string') return 'string'
  if (schema.type === 'array' && schema.items && shapeOf(schema.items, named) === 'string') return 'strings'
  return 'json'
}
