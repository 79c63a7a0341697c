/** Checks the params of a request against its method's schema, and says in the caller's terms what is wrong. */
import * as z from 'zod'
import { UserError } from '../../policy/errors.ts'
import { methods, type MethodName } from '../../policy/api/index.ts'

type Shape = Readonly<Record<string, z.ZodType>>

/**
 * The params as a handler takes them: checked, defaults filled in; absent ones count as `{}`.
 * @throws UserError INVALID_PARAMS, with `field` the path of the first problem
 */
export function checkParams(name: MethodName, params: unknown): unknown {
  if (Array.isArray(params)) {
    throw new UserError('INVALID_PARAMS', `${name} takes its params by name, in an object; this is an array`, {
      hint: listParams(name),
    })
  }
  const checked = methods[name].params.safeParse(params ?? {})
  if (checked.success) return checked.data
  throw explain(name, params ?? {}, checked.error.issues)
}

function explain(name: MethodName, params: object, issues: readonly z.core.$ZodIssue[]): UserError {
  const first = issues[0]!
  const field = first.code === 'unrecognized_keys' ? [...first.path, first.keys[0]!] : first.path
  const unknown = issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? issue.keys.map((key) => showPath([...issue.path, key])) : [],
  )
  const problems = [
    ...(first.code === 'unrecognized_keys' ? [] : [describeIssue(name, params, first)]),
    ...(unknown.length > 0 ? [`unknown: ${showSome(unknown)}`] : []),
  ]
  return new UserError('INVALID_PARAMS', `${name}: ${problems.join('; ')}`, {
    ...(field.length > 0 && { field: cut(showPath(field)) }),
    hint: listParams(name),
  })
}

function describeIssue(name: MethodName, params: object, issue: z.core.$ZodIssue): string {
  const path = showPath(issue.path)
  const form = describeForm(find(methods[name].params, issue.path))
  const expected = form === undefined ? '' : ` (${form})`
  if (valueAt(params, issue.path) === undefined) return `${path} is missing${expected}`
  return issue.code === 'invalid_format' && form !== undefined
    ? `${path} does not have the form expected${expected}`
    : `${path}: ${issue.message}${expected}`
}

/** The description that a named grammar carries, for what a field says of itself is its purpose, not its form. */
function describeForm(schema: z.core.$ZodType | undefined): string | undefined {
  for (let named = schema; named; named = named._zod.parent) {
    const meta = z.globalRegistry.get(named)
    if (meta?.id === undefined || meta.description === undefined) continue
    const examples = meta['examples']
    return Array.isArray(examples) ? `${meta.description}; such as ${examples.join(', ')}` : meta.description
  }
  return undefined
}

/** The schema at a path, through defaults, optionals, lists and unions. */
function find(schema: z.core.$ZodType, path: readonly PropertyKey[]): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional) return find(schema.unwrap(), path)
  const [key, ...rest] = path
  if (key === undefined) return schema
  if (schema instanceof z.ZodArray) return find(schema.element, rest)
  if (schema instanceof z.ZodUnion) {
    return schema.options.map((option) => find(option, path)).find((found) => found !== undefined)
  }
  const member = schema instanceof z.ZodObject ? (schema.shape as Shape)[String(key)] : undefined
  return member === undefined ? undefined : find(member, rest)
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], value)
}

function listParams(name: MethodName): string {
  const known = Object.entries(methods[name].params.shape as Shape).map(([key, schema]) =>
    schema.safeParse(undefined).success ? `[${key}]` : key,
  )
  return known.length === 0 ? `${name} takes no params` : `${name} takes ${known.join(', ')}`
}

const showPath = (path: readonly PropertyKey[]): string => path.map(String).join('.')
const cut = (text: string): string => (text.length > 100 ? `${text.slice(0, 100)}…` : text)

function showSome(names: readonly string[]): string {
  const shown = names.slice(0, 8).map(cut).join(', ')
  return names.length > 8 ? `${shown} and ${names.length - 8} more` : shown
}
