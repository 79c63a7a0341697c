/** PURE: what a form says, as params take it. */
import { readInteger } from '../../cli/read-value.ts'
import { UsageError } from '../../cli/usage-error.ts'
import { isTyped, type FormField } from './field.ts'
import { choiceOf, textOf, type FormError, type FormState } from './form.ts'

/** Of what the form does not ask, and of what was left blank, there is nothing. */
export interface FormValues {
  text(name: string): string | undefined
  number(name: string): number | undefined
  /** Values of choices. */
  pick(name: string): string | undefined
  isOn(name: string): boolean
  /** Words with blanks or commas between them. */
  words(name: string): string[]
}

/** Reads all fields; the first that is no number where one is asked for is the error. */
export function readForm(fields: readonly FormField[], form: FormState): FormValues | { readonly error: FormError } {
  const texts = new Map<string, string>()
  const numbers = new Map<string, number>()
  const picks = new Map<string, string>()
  for (const field of fields) {
    if (!isTyped(field)) {
      const choice = choiceOf(field, form)
      if (choice) picks.set(field.name, choice.value)
      continue
    }
    const text = textOf(field, form).text.trim()
    if (text === '') continue
    if (field.kind === 'text') {
      texts.set(field.name, text)
      continue
    }
    try {
      numbers.set(field.name, readInteger(text.replace(/\s+/g, ''), field.shape, field.label))
    } catch (error) {
      if (error instanceof UsageError) return { error: { field: field.name, message: error.message } }
      throw error
    }
  }
  return {
    text: (name) => texts.get(name),
    number: (name) => numbers.get(name),
    pick: (name) => picks.get(name),
    isOn: (name) => picks.get(name) === 'yes',
    words: (name) => (texts.get(name) ?? '').split(/[\s,]+/).filter(Boolean),
  }
}
