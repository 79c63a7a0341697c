/**
 * argv -> tokens, by the rules of getopt_long(3) without its abbreviations: options anywhere, `--` ends them, `-` is a word.
 * Written out because `node:util`, for its parseArgs, costs a sixth of the time that Node itself takes to start.
 */
import { isNegatable, type Field } from './command-table.ts'

export type Token =
  | { readonly kind: 'word'; readonly text: string }
  /** `field` is absent where there is no such option; then it is not known whether the next word is its value. */
  | { readonly kind: 'option'; readonly typed: string; readonly field?: Field; readonly negated: boolean; readonly value?: string }

/**
 * Cuts a command line. An option that takes a value takes the next word, unless that looks like an option: then its value is
 * absent, as at the end of the line.
 */
export function tokenize(argv: readonly string[], fields: readonly Field[]): Token[] {
  const tokens: Token[] = []
  for (let at = 0; at < argv.length; at++) {
    const typed = argv[at]!
    if (typed === '--') return [...tokens, ...argv.slice(at + 1).map((text) => ({ kind: 'word', text }) as const)]
    if (!typed.startsWith('-') || typed === '-') {
      tokens.push({ kind: 'word', text: typed })
      continue
    }
    const short = fields.find((field) => field.short !== undefined && typed === `-${field.short}`)
    const option = readOption(short ? `--${short.flag}` : typed, typed, fields)
    const next = argv[at + 1]
    const takesNext = option.field && option.field.shape.kind !== 'boolean' && option.value === undefined
    if (takesNext && next !== undefined && (!next.startsWith('-') || next === '-')) {
      tokens.push({ ...option, value: next })
      at++
    } else tokens.push(option)
  }
  return tokens
}

function readOption(word: string, typed: string, fields: readonly Field[]): Extract<Token, { kind: 'option' }> {
  const equals = word.indexOf('=')
  const name = equals < 0 ? word : word.slice(0, equals)
  const field = fields.find(({ flag }) => `--${flag}` === name)
  const negated = field ? undefined : fields.find((each) => isNegatable(each) && `--no-${each.flag}` === name)
  const found = field ?? negated
  return {
    kind: 'option',
    typed: equals < 0 ? typed : name,
    negated: negated !== undefined,
    ...(found && { field: found }),
    ...(equals >= 0 && { value: word.slice(equals + 1) }),
  }
}
