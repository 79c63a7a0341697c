/** What may stand at the cursor, from the command table. Pure; names that only the daemon knows are asked for by kind. */
import { isNegatable, type Command, type CommandTable, type Field, type Shape } from '../command-table.ts'
import { globalOptions } from '../own-commands.ts'
import { findCommand, leadingWords } from '../parse.ts'

export interface Candidate {
  readonly value: string
  readonly about: string
}

export interface Completion {
  readonly candidates: readonly Candidate[]
  /** Names to ask the daemon for, each put behind `prefix`. */
  readonly names?: 'vm' | 'image' | 'network' | 'vpn'
  readonly prefix: string
  readonly files?: true
}

const nothing: Completion = { candidates: [], prefix: '' }

/**
 * @param before the words between the program's name and the cursor's word
 * @param current the cursor's word, as far as it is typed
 */
export function findCandidates(before: readonly string[], current: string, table: CommandTable): Completion {
  const words = leadingWords(before)
  const command = findCommand(words, table.commands)
  const options = [...globalOptions, ...(command?.options ?? [])]
  const awaiting = options.find((field) => `--${field.flag}` === before.at(-1) && field.shape.kind !== 'boolean')
  // Behind it there are words alone, and some are the options of another program.
  const isPastOptions = before.includes('--')
  if (awaiting && !isPastOptions) return startingWith(current, offerValues(awaiting, current, '', table))
  const equals = current.indexOf('=')
  if (current.startsWith('--') && equals > 0 && !isPastOptions) {
    const field = options.find(({ flag }) => `--${flag}` === current.slice(0, equals))
    const prefix = current.slice(0, equals + 1)
    return field ? startingWith(current, offerValues(field, current.slice(prefix.length), prefix, table)) : nothing
  }
  if (current.startsWith('-') && !isPastOptions) return startingWith(current, offerFlags(options, before))
  if (!command) return startingWith(current, offerWords(words, table.commands))
  const field = positionalAt(command, countPositionals(before, options) - command.words.length)
  return field ? startingWith(current, offerValues(field, current, '', table)) : nothing
}

/** bash cuts words at `=`; put together again they are what was typed. */
export function rejoinWords(words: readonly string[]): string[] {
  const joined: string[] = []
  for (const [index, word] of words.entries()) {
    const last = joined.at(-1)
    const glued = last?.startsWith('--') && (word === '=' || (words[index - 1] === '=' && last.endsWith('=')))
    if (glued) joined[joined.length - 1] = last + word
    else joined.push(word)
  }
  return joined
}

function startingWith(current: string, completion: Completion): Completion {
  return { ...completion, candidates: completion.candidates.filter(({ value }) => value.startsWith(current)) }
}

/** The next word of each command that begins with these. */
function offerWords(words: readonly string[], commands: readonly Command[]): Completion {
  const next = new Map<string, string>()
  for (const command of commands) {
    if (!words.every((word, index) => command.words[index] === word)) continue
    const word = command.words[words.length]
    if (word === undefined) continue
    const isWhole = command.words.length === words.length + 1
    next.set(word, isWhole ? command.summary : `Commands about ${word === 'vm' ? 'VMs' : `${word}s`}`)
  }
  return { candidates: [...next].map(([value, about]) => ({ value, about })), prefix: '' }
}

/** Options that are not there yet, and lists, which take more. */
function offerFlags(options: readonly Field[], before: readonly string[]): Completion {
  const candidates = options.flatMap((field) => {
    const forms = isNegatable(field) ? [`--${field.flag}`, `--no-${field.flag}`] : [`--${field.flag}`]
    const given = forms.some((form) => before.some((word) => word === form || word.startsWith(`${form}=`)))
    return given && field.shape.kind !== 'list' ? [] : forms.map((value) => ({ value, about: field.about }))
  })
  return { candidates, prefix: '' }
}

function offerValues(field: Field, typed: string, prefix: string, table: CommandTable): Completion {
  const shape = field.shape.kind === 'list' ? field.shape.items : field.shape
  const offer = (values: readonly Candidate[]): Completion => ({
    candidates: values.map(({ value, about }) => ({ value: prefix + value, about })),
    prefix,
  })
  switch (field.completes) {
    case 'vm':
    case 'image':
    case 'network':
    case 'vpn':
      return { candidates: [], names: field.completes, prefix }
    case 'method':
      return offer(Object.keys(table.methods).map((value) => ({ value, about: '' })))
    case 'command':
      return offer(offerWords([], table.commands).candidates)
    case 'file':
      return { candidates: [], prefix, files: true }
    case undefined:
      break
  }
  if (shape.kind === 'path' || shape.kind === 'text') return { candidates: [], prefix, files: true }
  if (shape.kind === 'choice') return offer(shape.choices.map((value) => ({ value, about: field.about })))
  return shape.kind === 'variants' ? offer(offerVariant(shape, typed)) : nothing
}

/** The kind first, then its keys. */
function offerVariant({ variants }: Extract<Shape, { kind: 'variants' }>, typed: string): Candidate[] {
  const comma = typed.lastIndexOf(',')
  if (comma < 0) return [...variants.map(({ name, about }) => ({ value: name, about })), { value: 'none', about: 'None at all' }]
  const variant = variants.find(({ name }) => typed.startsWith(`${name},`))
  return (variant?.fields ?? []).map(({ flag, about }) => ({ value: `${typed.slice(0, comma + 1)}${flag}=`, about }))
}

/** Words that are neither options nor their values. */
function countPositionals(before: readonly string[], options: readonly Field[]): number {
  const takesValue = (word: string | undefined): boolean =>
    options.some((field) => `--${field.flag}` === word && field.shape.kind !== 'boolean')
  return before.filter((word, index) => !word.startsWith('-') && !takesValue(before[index - 1])).length
}

function positionalAt(command: Command, index: number): Field | undefined {
  const last = command.positionals.at(-1)
  const repeats = command.several === true || last?.shape.kind === 'list'
  return command.positionals[index] ?? (repeats ? last : undefined)
}
