/** PURE: what a form asks for. */
import type { Shape } from '../../cli/command-table.ts'

interface Named {
  /** Of the method's params, as the daemon names it in errors: `networks.0.forwards`. */
  readonly name: string
  readonly label: string
  /** What it is for: shown below the form while the cursor is on it. */
  readonly about: string
}

/** A line of text. What is blank is not said: then the daemon's own default holds, which `placeholder` tells. */
export interface TextInput extends Named {
  readonly kind: 'text'
  readonly initial?: string
  readonly placeholder?: string
  /** Tab completes paths of this host. */
  readonly isPath?: true
}

/** A whole number, or a size as the command line takes it: `2G`. */
export interface NumberInput extends Named {
  readonly kind: 'number'
  readonly shape: Extract<Shape, { kind: 'integer' }>
  readonly initial?: string
  readonly placeholder?: string
}

export interface Choice {
  readonly value: string
  readonly label: string
  /** What tells it from the others, beside it in the list. */
  readonly about?: string
}

/** One of several; the first where `initial` is none of them. */
export interface ChoiceInput extends Named {
  readonly kind: 'choice'
  readonly choices: readonly Choice[]
  readonly initial?: string
  /** What stands there where there is nothing to choose from. */
  readonly placeholder?: string
}

export interface ToggleInput extends Named {
  readonly kind: 'toggle'
  readonly initial: boolean
}

export type FormField = TextInput | NumberInput | ChoiceInput | ToggleInput

/** Whether it takes what is typed. */
export function isTyped(field: FormField): field is TextInput | NumberInput {
  return field.kind === 'text' || field.kind === 'number'
}

const switches: readonly Choice[] = [
  { value: 'no', label: 'no' },
  { value: 'yes', label: 'yes' },
]

/** What there is to choose from; a toggle is a choice of two. */
export function choicesOf(field: FormField): readonly Choice[] {
  return field.kind === 'choice' ? field.choices : field.kind === 'toggle' ? switches : []
}
