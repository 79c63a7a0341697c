/** A query -> params: typed as the method has them, so that what a script types by hand means what its JSON would. Pure. */
import { UserError } from '../errors.ts'
import type { QueryShape } from './routes.ts'

/**
 * Numbers and booleans that are none stay text, and a param given twice becomes a list: what is wrong with them is said by
 * whoever checks the params, in one way for all doors.
 *
 * @throws UserError INVALID_PARAMS for a param that a query cannot say
 */
export function readQuery(query: string, shapes: Readonly<Record<string, QueryShape>>): Record<string, unknown> {
  const given = new Map<string, string[]>()
  for (const [param, text] of new URLSearchParams(query)) {
    const texts = given.get(param)
    if (texts) texts.push(text)
    else given.set(param, [text])
  }
  return Object.fromEntries([...given].map(([param, texts]) => [param, readParam(param, texts, Object.hasOwn(shapes, param) ? shapes[param]! : 'string')]))
}

function readParam(param: string, texts: readonly string[], shape: QueryShape): unknown {
  if (shape === 'json') {
    throw new UserError('INVALID_PARAMS', `${param} cannot be said in a query`, { field: param, hint: 'POST the params as JSON to the same path' })
  }
  if (shape === 'strings') return texts
  const values = texts.map((text) => readValue(text, shape))
  return values.length === 1 ? values[0] : values
}

function readValue(text: string, shape: QueryShape): unknown {
  if (shape === 'number' && /^-?\d{1,16}(\.\d{1,16})?$/.test(text)) return Number(text)
  if (shape === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  return text
}
