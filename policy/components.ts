/** Schemas of the contracts as JSON Schema, in a document that keeps those with a name in one place: OpenRPC's and OpenAPI's way. */
import * as z from 'zod'

/** A JSON Schema, in the dialect of its document. */
export type Schema = Record<string, unknown>

/** Which dialect a document speaks, and where that keeps the definitions of one schema. */
const definitionsOf = { 'draft-7': 'definitions', 'draft-2020-12': '$defs' } as const

/**
 * Named schemas move to `shared` and are referred to there. Described as input throughout: a result may gain members in
 * a later version, which a schema of outputs would forbid.
 */
export function toSchema(schema: z.ZodType, shared: Record<string, Schema>, target: keyof typeof definitionsOf): Schema {
  const key = definitionsOf[target]
  const { $schema: _dialect, [key]: definitions = {}, ...own } = relocate(z.toJSONSchema(schema, { target, io: 'input' }), `#/${key}/`) as Schema
  for (const [id, definition] of Object.entries(definitions as Record<string, Schema>)) shared[id] ??= definition
  return own
}

/** With every reference to a definition of its own turned to the document's components. */
function relocate(value: unknown, from: string): unknown {
  if (Array.isArray(value)) return value.map((member) => relocate(member, from))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      key === '$ref' && typeof member === 'string' && member.startsWith(from) ? `#/components/schemas/${member.slice(from.length)}` : relocate(member, from),
    ]),
  )
}
