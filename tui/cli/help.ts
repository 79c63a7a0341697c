/** Help, from the command table. Pure: lines of text for a given width. */
import type { Command, CommandTable, Field, Shape } from './command-table.ts'
import { isNegatable } from './command-table.ts'
import { globalOptions, screenOptions } from './own-commands.ts'
import { findCommand } from './parse.ts'
import { formatQuantity, quantityForm } from './quantity.ts'
import { suggest } from './read-value.ts'
import { describeTerms, wrapText } from './render/layout.ts'
import { UsageError } from './usage-error.ts'

const exitStatuses =
  '0 done, 1 failed, 2 bad usage or params, 3 daemon not reachable, 4 not permitted, 5 not found, 6 conflict (a name taken, ' +
  'a state that does not allow it), 7 not in the time given, 130 interrupted'

/**
 * Help for the command, or group of commands, that the words name; of the program where there are none.
 *
 * @throws UsageError where there is no such command
 */
export function renderHelp(words: readonly string[], { commands }: CommandTable, width: number): string[] {
  if (words.length === 0) return renderProgram(commands, width)
  const command = findCommand(words, commands)
  if (command) return renderCommand(command, width)
  const group = commands.filter((each) => words.every((word, index) => each.words[index] === word))
  if (group.length > 0) return [`Usage: aetherscale ${words.join(' ')} COMMAND`, '', ...renderList(group, width)]
  const names = commands.map((each) => each.words.join(' '))
  throw new UsageError(`there is no command "${words.join(' ')}"`, suggest(words.join(' '), names) ?? 'see: aetherscale --help')
}

function renderProgram(commands: readonly Command[], width: number): string[] {
  return [
    'Usage: aetherscale [COMMAND] [OPTION...]',
    '',
    'Virtual machines on this host, by the daemon aetherscaled.',
    '',
    'Commands:',
    ...renderList(commands, width),
    '',
    'Without a command, on a terminal: all of it on a screen. Options of that:',
    ...describeTerms(screenOptions.map((field) => [termOf(field), field.about]), width),
    '',
    'Options of every command:',
    ...describeTerms(globalOptions.map((field) => [termOf(field), field.about]), width),
    '',
    ...wrapText(`Exit status: ${exitStatuses}.`, width),
    '',
    'For one command: aetherscale help vm create',
  ]
}

function renderList(commands: readonly Command[], width: number): string[] {
  return describeTerms(commands.map((command) => [synopsis(command), command.summary]), width)
}

function renderCommand(command: Command, width: number): string[] {
  const { positionals, options, description } = command
  return [
    `Usage: aetherscale ${synopsis(command)}${options.length > 0 ? ' [OPTION...]' : ''}`,
    '',
    ...wrapText(`${command.summary}.`, width),
    ...(description === undefined ? [] : ['', ...wrapText(description, width)]),
    ...section('Arguments:', positionals.map((field) => [field.placeholder, explain(field)] as const), width),
    ...section('Options:', options.flatMap(describeOption), width),
    '',
    'Options of every command: aetherscale --help',
  ]
}

function section(title: string, terms: readonly (readonly [string, string])[], width: number): string[] {
  return terms.length === 0 ? [] : ['', title, ...describeTerms(terms, width)]
}

function synopsis(command: Command): string {
  const positionals = command.positionals.map((field, index) => {
    const repeated = field.shape.kind === 'list' || (command.several && index === command.positionals.length - 1)
    const term = `${field.placeholder}${repeated ? '...' : ''}`
    return field.required ? term : `[${term}]`
  })
  return [...command.words, ...positionals].join(' ')
}

/** A boolean that is on by default is shown as what turns it off. */
function termOf(field: Field): string {
  const short = field.short === undefined ? '' : `-${field.short}, `
  if (field.shape.kind !== 'boolean') return `--${field.flag} ${field.placeholder}`
  return field.fallback === true ? `--no-${field.flag}` : `${short}--${field.flag}`
}

function describeOption(field: Field): (readonly [string, string])[] {
  const items = field.shape.kind === 'list' ? field.shape.items : field.shape
  const term = [termOf(field), explain(field)] as const
  if (items.kind !== 'variants') return [term]
  const variants = items.variants.flatMap(({ name, about, fields }) => [
    [`  ${name}`, about] as const,
    ...fields.map((each) => [`    ${each.flag}=${each.placeholder}`, explain(each)] as const),
  ])
  return [term, ...variants]
}

function explain(field: Field): string {
  const { shape } = field
  const about = isNegatable(field) && field.fallback === true ? `Not: ${field.about}` : field.about
  const details = [formOf(field), repetition(shape), fallbackOf(field)].filter((detail) => detail !== '')
  return details.length === 0 ? about : `${about} (${details.join('; ')})`
}

function formOf({ shape, placeholder }: Field): string {
  const one = shape.kind === 'list' ? shape.items : shape
  if (one.kind === 'integer') return one.unit ? quantityForm(one.unit) : ''
  if (one.kind !== 'choice') return ''
  const choices = one.choices.join('|')
  return choices === placeholder ? '' : one.choices.join(', ')
}

function repetition(shape: Shape): string {
  if (shape.kind !== 'list') return ''
  return shape.items.kind === 'variants' ? 'may be repeated; the word none gives []' : 'may be repeated'
}

function fallbackOf({ shape, fallback }: Field): string {
  if (fallback === undefined || typeof fallback === 'boolean' || typeof fallback === 'object') return ''
  if (shape.kind === 'integer' && shape.unit) return `default ${formatQuantity(Number(fallback), shape.unit)}`
  return `default ${String(fallback)}`
}
