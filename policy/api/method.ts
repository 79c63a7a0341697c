/** The shape of an entry of the method table. */
import type * as z from 'zod'
import type { ErrorName } from '../errors.ts'

/** `observe` methods change nothing and are served on both sockets; `control` ones on the control socket alone. */
export type Access = 'observe' | 'control'

/** How a method looks on the command line. Options and their help come from the params' schema. */
export interface CommandSpec {
  /** The words after `aetherscale`: `['vm', 'create']`. */
  readonly words: readonly [string, ...string[]]
  /** Params given by position, in order; the rest are options. */
  readonly args?: readonly string[]
  /** Params that the command fills in by itself, or takes in a form of its own. */
  readonly omits?: readonly string[]
  /** For results that hold a list: the property with the rows, and the columns of its table. */
  readonly table?: { readonly rows: string; readonly columns: readonly string[] }
}

export interface Method<Params extends z.ZodObject = z.ZodObject, Result extends z.ZodType = z.ZodType> {
  /** One line, a sentence without its full stop. */
  readonly summary: string
  readonly description?: string
  readonly params: Params
  readonly result: Result
  /** Errors of its own, besides those that every request can meet (see `everyMethod` in index.ts). */
  readonly errors: readonly ErrorName[]
  readonly access: Access
  /** Sends `progress` notifications to the connection that asked. */
  readonly progress?: true
  /** After the answer the connection carries raw bytes instead of JSON-RPC. */
  readonly upgrade?: true
  /** Absent where the method has no command (it speaks to programs). */
  readonly command?: CommandSpec
}

/** Keeps the types of one entry. */
export function method<Params extends z.ZodObject, Result extends z.ZodType>(
  entry: Method<Params, Result>,
): Method<Params, Result> {
  return entry
}
