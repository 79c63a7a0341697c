/** JSON Schemas of the contracts in words and Markdown tables, for the reference page. */
import * as z from 'zod'

/** The part of JSON Schema (2020-12) that the contracts use. */
interface Schema {
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, Schema>>
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly description?: string
  readonly default?: unknown
  readonly examples?: readonly unknown[]
  readonly minimum?: number
  readonly exclusiveMinimum?: number
  readonly maximum?: number
  readonly maxItems?: number
  readonly unit?: string
}

/** Renders schemas, and remembers the named types that they refer to. */
export class SchemaReader {
  readonly #types = new Map<string, Schema>()

  /** A table of an object's fields; a few words for anything else. `io` as zod has it: what is sent, or what comes. */
  render(type: z.ZodType, io: 'input' | 'output'): string {
    const schema = z.toJSONSchema(type, { io }) as Schema
    for (const [name, definition] of Object.entries(schema.$defs ?? {})) this.#types.set(name, definition)
    return renderBody(schema)
  }

  /** A section a type, in the order of the alphabet. */
  renderTypes(): string[] {
    const sorted = [...this.#types].sort(([a], [b]) => (a < b ? -1 : 1))
    return sorted.map(([name, schema]) => {
      const examples = schema.examples?.map((example) => `\`${String(example)}\``).join(', ')
      return [`### ${name}`, renderBody(schema), ...(examples ? [`For example ${examples}.`] : [])].join('\n\n')
    })
  }
}

function renderBody(schema: Schema): string {
  const about = schema.description ? [`${schema.description}.`] : []
  const options = schema.oneOf ?? schema.anyOf
  if (options?.every((option) => option.properties)) {
    return [...about, 'One of these:', ...options.map(renderBody)].join('\n\n')
  }
  if (!schema.properties) return [...about, `${capitalize(describeType(schema))}.`].join('\n\n')
  const fields = Object.entries(schema.properties)
  if (fields.length === 0) return [...about, 'No fields.'].join('\n\n')
  const rows = fields.map(([name, field]) => {
    const isRequired = schema.required?.includes(name) ?? false
    const otherwise = field.default !== undefined ? `\`${JSON.stringify(field.default)}\`` : isRequired ? '' : 'optional'
    const cells = [`\`${name}\``, describeType(field), otherwise, field.unit ?? '', escape(field.description ?? '')]
    return `| ${cells.join(' | ')} |`
  })
  return [...about, ['| field | type | default | unit | |', '|---|---|---|---|---|', ...rows].join('\n')].join('\n\n')
}

function describeType(schema: Schema): string {
  if (schema.$ref) return link(schema.$ref.replace('#/$defs/', ''))
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``
  if (schema.enum) return schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(', ').replace(/, ([^,]*)$/, ' or $1')
  const options = schema.oneOf ?? schema.anyOf
  if (options) return options.map(describeType).join(' or ')
  if (schema.type === 'array') {
    const most = schema.maxItems === undefined ? '' : `, at most ${schema.maxItems}`
    return `array of ${schema.items ? describeType(schema.items) : 'anything'}${most}`
  }
  if (schema.type === 'object' && schema.properties) {
    const fields = Object.entries(schema.properties).map(([name, field]) => `\`${name}\`: ${describeType(field)}`)
    return `object of ${fields.join(', ')}`
  }
  return `${schema.type ?? 'anything'}${describeRange(schema)}`
}

/** zod gives every integer the bounds of a safe one; these say nothing. */
function describeRange({ minimum, exclusiveMinimum, maximum }: Schema): string {
  const low = exclusiveMinimum === undefined ? minimum : exclusiveMinimum + 1
  const from = low === undefined || low <= Number.MIN_SAFE_INTEGER ? '' : `${low}`
  const to = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? '' : `${maximum}`
  if (from && to) return `, ${from} to ${to}`
  if (from) return `, from ${from}`
  return to && `, up to ${to}`
}

function link(name: string): string {
  return `[${name}](#${name.toLowerCase()})`
}

function escape(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
