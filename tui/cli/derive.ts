/**
 * The method table -> the command table. Runs when files are generated, never when a command starts; a test holds the
 * committed `commands.generated.json` against it.
 */
import type { Method } from '../../policy/api/method.ts'
import type { Command, CommandTable, Field, Json, Shape, Unit, Variant } from './command-table.ts'

/** The part of JSON Schema that the contracts use. */
interface Schema {
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, Schema>>
  readonly type?: string
  readonly const?: string
  readonly enum?: readonly string[]
  readonly items?: Schema
  readonly oneOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly description?: string
  readonly default?: Json
  readonly minimum?: number
  readonly exclusiveMinimum?: number
  readonly maximum?: number
  readonly unit?: Unit
  readonly hostPath?: true
  readonly textFile?: true
}

/** So many choices are named in the placeholder itself: `--for running|agent|init|stopped`. */
const SPELT_OUT = 4

type Definitions = Readonly<Record<string, Schema>>

/** The end of a param's name that says its unit, which the option leaves out: `memoryMiB` is `--memory`. */
const unitSuffix: Record<Unit, string> = { MiB: 'MiB', bytes: 'Bytes', s: 'Seconds' }
const unitPlaceholder: Record<Unit, string> = { MiB: 'SIZE', bytes: 'SIZE', s: 'TIME' }

/**
 * Derives the commands. Deterministic: the same table gives the same JSON.
 *
 * @throws Error where a param has a form that the command line has no way to say
 */
export function deriveCommands(methods: Readonly<Record<string, Method>>): CommandTable {
  const commands = Object.entries(methods).flatMap(([name, method]) => deriveCommand(name, method) ?? [])
  return { commands, methods: Object.fromEntries(Object.entries(methods).map(([name, { access }]) => [name, access])) }
}

function deriveCommand(name: string, method: Method): Command | undefined {
  if (!method.command) return undefined
  const { words, args = [], omits = [], table } = method.command
  const schema = method.params.toJSONSchema({ io: 'input' }) as Schema
  const fields = deriveFields(schema, schema.$defs ?? {}, args, omits)
  const say = (text: string): string => translateNames(text, fields, args)
  const spoken = fields.map((field) => ({ ...field, about: say(field.about) }))
  const positionals = args.map((arg) => find(spoken, arg, name))
  const several = method.access === 'control' && !method.upgrade && args.length === 1 && args[0] === words[0]
  return {
    words,
    method: name,
    access: method.access,
    summary: method.summary,
    ...(method.description && { description: say(method.description) }),
    positionals,
    ...(several && { several }),
    options: spoken.filter((field) => !args.includes(field.param)),
    ...(table && { table }),
  }
}

function find(fields: readonly Field[], param: string, method: string): Field {
  const field = fields.find((each) => each.param === param)
  if (!field) throw new Error(`${method}: args names ${param}, which is not among its params`)
  return field
}

function deriveFields(schema: Schema, definitions: Definitions, args: readonly string[], omits: readonly string[] = []): Field[] {
  return Object.entries(schema.properties ?? {})
    .filter(([param]) => !omits.includes(param))
    .map(([param, raw]) => deriveField(param, raw, schema.required?.includes(param) ?? false, definitions, args.includes(param)))
}

function deriveField(param: string, raw: Schema, required: boolean, definitions: Definitions, positional = false): Field {
  const schema = resolve(raw, definitions)
  const shape = deriveShape(param, schema, definitions)
  const flag = flagOf(param, schema, shape, positional)
  const reference = raw.$ref ?? raw.items?.$ref
  const completes = completesWith(reference?.split('/').at(-1), param, positional)
  // `[VM...]` says that there may be several; for words of any kind the plural says what they are together.
  const called = positional && shape.kind === 'list' && completes ? singularOf(flag) : flag
  return {
    param,
    flag,
    placeholder: placeholderOf(called, shape),
    about: aboutOf(schema, definitions),
    required,
    ...(schema.default !== undefined && { fallback: schema.default }),
    shape,
    ...(completes && { completes }),
  }
}

/** A name that is there already; one that is about to be given cannot be completed. */
function completesWith(reference: string | undefined, param: string, positional: boolean): Field['completes'] {
  if (reference === 'VmRef') return 'vm'
  if (reference === 'ImageName' && (positional || param === 'image')) return 'image'
  if (reference === 'VpnName' && param === 'vpn') return 'vpn'
  return reference === 'NetworkName' && param === 'network' ? 'network' : undefined
}

/** A list is given item by item, so the form of an item belongs to its description. */
function aboutOf(schema: Schema, definitions: Definitions): string {
  const items = schema.items?.$ref === undefined ? undefined : resolve(schema.items, definitions)
  return [schema.description, items?.description].filter(Boolean).join(': ')
}

/** A reference with what stands beside it, which goes before what it refers to. */
function resolve(schema: Schema, definitions: Definitions): Schema {
  const { $ref, ...beside } = schema
  if ($ref === undefined) return schema
  const target = definitions[$ref.replace('#/$defs/', '')]
  if (!target) throw new Error(`no definition for ${$ref}`)
  return { ...target, ...beside }
}

function deriveShape(param: string, schema: Schema, definitions: Definitions): Shape {
  if (schema.enum) return { kind: 'choice', choices: schema.enum }
  if (schema.oneOf) return deriveVariants(param, schema.oneOf, definitions)
  switch (schema.type) {
    case 'string':
      return { kind: schema.hostPath ? 'path' : schema.textFile ? 'text' : 'string' }
    case 'boolean':
      return { kind: 'boolean' }
    case 'integer':
      return deriveInteger(schema)
    case 'array':
      return { kind: 'list', items: deriveShape(param, resolve(schema.items ?? {}, definitions), definitions) }
    default:
  }
  throw new Error(`${param}: the command line has no form for ${JSON.stringify(schema)}`)
}

function deriveInteger({ minimum, exclusiveMinimum, maximum, unit }: Schema): Shape {
  const min = minimum ?? (exclusiveMinimum === undefined ? undefined : exclusiveMinimum + 1)
  const max = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum
  return {
    kind: 'integer',
    ...(min !== undefined && { min }),
    ...(max !== undefined && { max }),
    ...(unit && { unit }),
  }
}

function deriveVariants(param: string, alternatives: readonly Schema[], definitions: Definitions): Shape {
  const schemas = alternatives.map((alternative) => resolve(alternative, definitions))
  const tag = Object.entries(schemas[0]?.properties ?? {}).find(([, property]) => property.const !== undefined)?.[0]
  if (tag === undefined) throw new Error(`${param}: a union without a tag has no form on the command line`)
  const variants = schemas.map((schema): Variant => {
    const name = schema.properties?.[tag]?.const
    if (name === undefined) throw new Error(`${param}: an alternative without ${tag}`)
    const fields = deriveFields(schema, definitions, []).filter((field) => field.param !== tag)
    return { name, about: schema.description ?? '', fields }
  })
  return { kind: 'variants', tag, variants }
}

/** `memoryMiB` -> `memory`, `networks` -> `network` (given once for each, but for a positional), `dryRun` -> `dry-run`. */
function flagOf(param: string, schema: Schema, shape: Shape, positional: boolean): string {
  const suffix = schema.unit && unitSuffix[schema.unit]
  const bare = suffix && param.endsWith(suffix) ? param.slice(0, -suffix.length) : param
  const one = shape.kind === 'list' && !positional ? singularOf(bare) : bare
  return one.replace(/[A-Z]+/g, (capitals) => `-${capitals.toLowerCase()}`)
}

function singularOf(plural: string): string {
  if (plural.endsWith('sses')) return plural.slice(0, -2)
  if (plural.endsWith('s')) return plural.slice(0, -1)
  throw new Error(`${plural}: a list's name is a plural in -s, for its option is the singular`)
}

function placeholderOf(flag: string, shape: Shape): string {
  switch (shape.kind) {
    case 'integer':
      return shape.unit ? unitPlaceholder[shape.unit] : 'NUMBER'
    case 'text':
      return 'FILE'
    case 'choice':
      return shape.choices.length > SPELT_OUT ? flag.toUpperCase() : shape.choices.join('|')
    case 'list':
      return placeholderOf(flag, shape.items)
    case 'variants':
      return `${shape.variants.map(({ name }) => name).join('|')}[,KEY=VALUE...]`
    default:
      return flag.toUpperCase()
  }
}

/** Prose of the contract names params; on the command line they are options and arguments. */
function translateNames(text: string, fields: readonly Field[], args: readonly string[]): string {
  return text.replace(/`(\w+)`/g, (quoted, name) => {
    const field = fields.find(({ param }) => param === name)
    if (!field) return quoted
    return args.includes(field.param) ? field.placeholder : `--${field.flag}`
  })
}
