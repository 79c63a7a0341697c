/**
 * The command line as data: what `derive.ts` makes of the method table, and what parsing, help and completion read.
 * It is kept as JSON, so that no schema library is loaded when a command starts.
 */
import type { Access } from '../../policy/api/method.ts'
import generated from './commands.generated.json' with { type: 'json' }

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/** What a unit of the contract is on the command line: sizes in MiB or bytes, times in seconds. */
export type Unit = 'MiB' | 'bytes' | 's'

/** The form of a value. Ranges are in the unit of the contract. */
export type Shape =
  | { readonly kind: 'string' }
  | { readonly kind: 'path' }
  /** A file's name on the command line, `-` for stdin; its text in the contract. */
  | { readonly kind: 'text' }
  | { readonly kind: 'integer'; readonly min?: number; readonly max?: number; readonly unit?: Unit }
  /** `--x` and `--no-x`; a bare one is there or not, and has no `--no-x`. */
  | { readonly kind: 'boolean'; readonly bare?: true }
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  | { readonly kind: 'list'; readonly items: Shape }
  | { readonly kind: 'variants'; readonly tag: string; readonly variants: readonly Variant[] }

/** One alternative of a tagged union: `user,forward=2222:22`. */
export interface Variant {
  readonly name: string
  readonly about: string
  readonly fields: readonly Field[]
}

/** A value that a command takes. */
export interface Field {
  /** Name in the method's params. */
  readonly param: string
  /** Name of the option, without its dashes. */
  readonly flag: string
  /** What stands for the value in help: `SIZE`. */
  readonly placeholder: string
  readonly about: string
  readonly required: boolean
  /** What the daemon takes where nothing is said. */
  readonly fallback?: Json
  readonly shape: Shape
  /** What completion offers, besides choices. */
  readonly completes?: 'vm' | 'image' | 'network' | 'vpn' | 'method' | 'command' | 'file'
  /** Its letter: `-i`. */
  readonly short?: string
}

export interface Command {
  /** The words after `aetherscale`. */
  readonly words: readonly string[]
  /** The method behind it; none for a command of the CLI's own. */
  readonly method?: string
  readonly access: Access
  readonly summary: string
  readonly description?: string
  readonly positionals: readonly Field[]
  /** The last positional may be given several times: each is a request of its own. */
  readonly several?: true
  readonly options: readonly Field[]
  readonly table?: { readonly rows: string; readonly columns: readonly string[] }
}

export interface CommandTable {
  readonly commands: readonly Command[]
  /** Every method, also those without a command, with the socket that it needs. */
  readonly methods: Readonly<Record<string, Access>>
}

export const derivedCommands = generated as unknown as CommandTable

/** Whether the option also has a form that says no. */
export function isNegatable({ shape }: Field): boolean {
  return shape.kind === 'boolean' && !shape.bare
}
