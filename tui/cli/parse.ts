/** argv -> what is to be done. Pure; anything that is not a command that there is throws a UsageError. */
import { isNegatable, type Command, type Field, type Json } from './command-table.ts'
import { globalOptions, screenOptions } from './own-commands.ts'
import { quote, readList, readValue, suggest, type Place } from './read-value.ts'
import { tokenize, type Token } from './tokenize.ts'
import { UsageError } from './usage-error.ts'

export interface Globals {
  readonly json: boolean
  readonly quiet: boolean
  readonly color: boolean
  readonly screenReader: boolean
  readonly socket?: string
  readonly directory?: string
  /** All hosts on the broker are asked. */
  readonly cluster: boolean
  /** This host on the broker is asked. */
  readonly host?: string
  /** How long hosts have to answer, in seconds. */
  readonly within?: number
}

export type Values = Readonly<Record<string, Json>>

export type Invocation =
  | { readonly kind: 'help'; readonly words: readonly string[] }
  | { readonly kind: 'version' }
  /** No command at all: the screen, where there is a terminal for it. */
  | { readonly kind: 'screen'; readonly globals: Globals }
  /** Each element of `requests` is the params of one request: several where several subjects were named. */
  | { readonly kind: 'command'; readonly command: Command; readonly requests: readonly Values[]; readonly globals: Globals }

/** Reads the words after the program's name. */
export function parseInvocation(argv: readonly string[], commands: readonly Command[], place: Place): Invocation {
  const words = leadingWords(argv)
  const command = findCommand(words, commands)
  const fields = [...globalOptions, ...(command?.options ?? screenOptions)]
  const tokens = tokenize(argv, fields)
  const given = gatherOptions(tokens, fields, command)
  if (given.has('help')) return { kind: 'help', words: command?.words ?? words }
  if (given.has('version')) return { kind: 'version' }
  if (!command) {
    const globals = readGlobals(given, place)
    if (words.length === 0 && (globals.cluster || globals.host !== undefined)) throw new UsageError('--cluster and --host go with a command', 'the screen is of this host')
    if (words.length === 0) return { kind: 'screen', globals }
    throw unknownCommand(words, commands)
  }
  const rest = tokens.flatMap((token) => (token.kind === 'word' ? [token.text] : [])).slice(command.words.length)
  const options = readOptions(command.options, given, place)
  const requests = readPositionals(command, rest, place).map((positionals) => ({ ...positionals, ...options }))
  return { kind: 'command', command, requests, globals: readGlobals(given, place) }
}

/** The command that these words begin with, the longest first. */
export function findCommand(words: readonly string[], commands: readonly Command[]): Command | undefined {
  return commands
    .filter((command) => command.words.every((word, index) => words[index] === word))
    .sort((a, b) => b.words.length - a.words.length)[0]
}

/** Words up to the first option that is not global: what follows such an option may be its value. */
export function leadingWords(argv: readonly string[]): string[] {
  const words: string[] = []
  for (const token of tokenize(argv, globalOptions)) {
    if (token.kind === 'word') words.push(token.text)
    else if (!token.field) break
  }
  return words
}

/** What was given for each option; `--no-X` counts as `X` with the value `no`. */
function gatherOptions(tokens: readonly Token[], fields: readonly Field[], command: Command | undefined): Map<string, string[]> {
  const given = new Map<string, string[]>()
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    if (!token.field) throw unknownOption(token.typed, fields, command)
    const { flag } = token.field
    given.set(flag, [...(given.get(flag) ?? []), textOf(token, token.field)])
  }
  return given
}

function textOf({ typed, value, negated }: Extract<Token, { kind: 'option' }>, field: Field): string {
  if (field.shape.kind !== 'boolean') {
    if (value === undefined) throw new UsageError(`${typed} needs a value: ${field.placeholder}`)
    return value
  }
  if (value !== undefined) throw new UsageError(`${typed} takes no value`)
  return negated ? 'no' : 'yes'
}

function readOptions(fields: readonly Field[], given: ReadonlyMap<string, string[]>, place: Place): Values {
  const entries: [string, Json][] = []
  for (const field of fields) {
    const texts = given.get(field.flag)
    if (!texts && field.required) throw new UsageError(`--${field.flag} is needed`)
    if (texts) entries.push([field.param, readTexts(field, texts, `--${field.flag}`, place)])
  }
  return Object.fromEntries(entries)
}

/** The last one given counts, as in most programs, so that an alias can be overridden; a list takes them all. */
function readTexts({ shape }: Field, texts: readonly string[], name: string, place: Place): Json {
  return shape.kind === 'list' ? readList(texts, shape.items, name, place) : readValue(texts.at(-1)!, shape, name, place)
}

function readPositionals(command: Command, words: readonly string[], place: Place): Values[] {
  const fields = command.positionals
  const missing = fields.find((field, index) => field.required && words[index] === undefined)
  const called = command.words.join(' ')
  if (missing) throw new UsageError(`${called} needs ${missing.placeholder}`, `see: aetherscale help ${called}`)
  const last = fields.at(-1)
  const fixed = command.several || last?.shape.kind === 'list' ? fields.slice(0, -1) : fields
  const rest = words.slice(fixed.length)
  const values = Object.fromEntries(
    fixed.slice(0, words.length).map((field, index) => [field.param, readTexts(field, [words[index]!], field.placeholder, place)]),
  )
  if (command.several) return rest.map((word) => ({ ...values, [last!.param]: readTexts(last!, [word], last!.placeholder, place) }))
  if (last?.shape.kind === 'list') return [{ ...values, ...(rest.length > 0 && { [last.param]: readTexts(last, rest, last.placeholder, place) }) }]
  if (rest.length > 0) throw new UsageError(`${called}: ${quote(rest[0]!)} is one word too many`, `see: aetherscale help ${called}`)
  return [values]
}

function readGlobals(given: ReadonlyMap<string, string[]>, place: Place): Globals {
  const { socket, 'socket-dir': directory, host, within } = readOptions(globalOptions, given, place) as { socket?: string; 'socket-dir'?: string; host?: string; within?: number }
  const cluster = given.has('cluster')
  if (cluster && host !== undefined) throw new UsageError('--cluster and --host exclude each other')
  if (within !== undefined && !cluster && host === undefined && !given.has('help')) throw new UsageError('--within goes with --cluster or --host')
  if (socket !== undefined && directory !== undefined) throw new UsageError('--socket and --socket-dir exclude each other')
  return {
    json: given.has('json'),
    quiet: given.has('quiet'),
    color: !given.has('no-color'),
    screenReader: given.has('screen-reader'),
    ...(socket !== undefined && { socket }),
    ...(directory !== undefined && { directory }),
    cluster,
    ...(host !== undefined && { host }),
    ...(within !== undefined && { within }),
  }
}

function unknownOption(typed: string, fields: readonly Field[], command: Command | undefined): UsageError {
  const flags = fields.flatMap((field) => (isNegatable(field) ? [field.flag, `no-${field.flag}`] : [field.flag]))
  const where = command ? `${command.words.join(' ')} has no option` : 'there is no option'
  return new UsageError(`${where} ${typed}`, suggest(typed.replace(/^-+/, ''), flags, '--') ?? hintAtSeparator(command))
}

/** Where a command of somebody else's is given, its options are not ours. */
function hintAtSeparator(command: Command | undefined): string | undefined {
  const last = command?.positionals.at(-1)
  if (!command?.method || last?.shape.kind !== 'list' || last.completes) return undefined
  const before = command.positionals.slice(0, -1).map((field) => field.placeholder)
  return `what is not for aetherscale stands behind --: ${[...command.words, ...before].join(' ')} -- ${last.placeholder}...`
}

function unknownCommand(words: readonly string[], commands: readonly Command[]): UsageError {
  const group = knownWords(words, commands)
  const next = commands.filter((command) => group.every((word, index) => command.words[index] === word))
  const names = [...new Set(next.map((command) => command.words[group.length]!))]
  const called = group.join(' ')
  const wrong = words[group.length]
  if (wrong === undefined) return new UsageError(`${called} needs a command: ${names.join(', ')}`)
  if (called === '') return new UsageError(`there is no command ${quote(wrong)}`, suggest(wrong, names) ?? 'see: aetherscale --help')
  return new UsageError(`there is no command ${quote(`${called} ${wrong}`)}`, suggest(wrong, names, `${called} `) ?? `there are ${names.join(', ')}`)
}

/** The first words, as far as commands begin with them. */
function knownWords(words: readonly string[], commands: readonly Command[]): readonly string[] {
  const begins = (length: number): boolean =>
    commands.some((command) => words.slice(0, length).every((word, index) => command.words[index] === word))
  let length = 0
  while (length < words.length && begins(length + 1)) length += 1
  return words.slice(0, length)
}
