/**
 * PURE: a form that is being filled in. It holds what the user has given alone; which fields there are follows from that
 * and from the world, and is handed in.
 */
import { fieldOf, type TextField } from '../model/text-field.ts'
import { choicesOf, isTyped, type Choice, type FormField } from './field.ts'

export interface FormState {
  /** By the field's name. */
  readonly texts: Readonly<Record<string, TextField>>
  /** Values of choices; `yes` or `no` of toggles. */
  readonly picks: Readonly<Record<string, string>>
  /** Name of the field with the cursor; the first one where it is not there. */
  readonly focus?: string
  /** The list of the field with the cursor is open, and this choice of it is about to be taken. */
  readonly open?: number
  /** What a path could go on with. */
  readonly candidates?: readonly string[]
  readonly error?: FormError
  /** Whether the user has given anything that leaving would lose. */
  readonly isTouched: boolean
  /** The daemon is asked, or files are read: whose answer is waited for. Changing anything ends that. */
  readonly asking?: symbol
}

/** Without a field it is about all of the form. */
export interface FormError {
  readonly field?: string
  readonly message: string
  readonly hint?: string
}

export const emptyForm: FormState = { texts: {}, picks: {}, isTouched: false }

export function focusIndex(fields: readonly FormField[], { focus }: FormState): number {
  return Math.max(0, fields.findIndex(({ name }) => name === focus))
}

export function focusedField(fields: readonly FormField[], form: FormState): FormField | undefined {
  return fields[focusIndex(fields, form)]
}

/** The next or previous field; the first and the last stay. */
export function moveFocus(fields: readonly FormField[], form: FormState, by: number): FormState {
  const field = fields[Math.max(0, Math.min(focusIndex(fields, form) + by, fields.length - 1))]
  return focusOn(form, field?.name)
}

function focusOn({ open: _closed, candidates: _told, focus: before, ...form }: FormState, focus = before): FormState {
  return { ...form, ...(focus !== undefined && { focus }) }
}

export function textOf(field: FormField, { texts }: FormState): TextField {
  return texts[field.name] ?? fieldOf((isTyped(field) && field.initial) || '')
}

/** What is chosen; `undefined` where there is nothing to choose from. */
export function choiceOf(field: FormField, { picks }: FormState): Choice | undefined {
  const choices = choicesOf(field)
  const find = (value: string | undefined): Choice | undefined => choices.find((choice) => choice.value === value)
  return find(picks[field.name]) ?? find(initialPick(field)) ?? choices[0]
}

function initialPick(field: FormField): string | undefined {
  if (field.kind === 'toggle') return field.initial ? 'yes' : 'no'
  return field.kind === 'choice' ? field.initial : undefined
}

/** What was said about a field holds no longer when it is changed. */
function touch({ error, candidates: _told, asking: _given, ...form }: FormState, name: string): FormState {
  const stays = error?.field !== undefined && error.field !== name
  return { ...form, ...(stays && { error }), isTouched: true }
}

export function ask({ error: _told, ...form }: FormState, asking: symbol): FormState {
  return { ...form, asking }
}

/** Moving the cursor in a text gives nothing. */
export function setText(form: FormState, { name }: FormField, text: TextField, before: TextField): FormState {
  const texts = { ...form.texts, [name]: text }
  return text.text === before.text ? { ...form, texts } : { ...touch(form, name), texts }
}

export function pick(form: FormState, { name }: FormField, value: string): FormState {
  const { open: _closed, ...touched } = touch(form, name)
  return { ...touched, picks: { ...form.picks, [name]: value } }
}

/** The next or previous choice, round and round. */
export function stepChoice(form: FormState, field: FormField, by: number): FormState {
  const choices = choicesOf(field)
  const now = choiceOf(field, form)
  if (!now) return form
  const next = choices[(choices.indexOf(now) + by + choices.length) % choices.length]!
  return pick(form, field, next.value)
}

/** The next choice whose label begins so. */
export function jumpToChoice(form: FormState, field: FormField, letter: string): FormState {
  const choices = choicesOf(field)
  const at = choices.findIndex(({ value }) => value === choiceOf(field, form)?.value)
  const order = [...choices.slice(at + 1), ...choices.slice(0, at + 1)]
  const found = order.find(({ label }) => label.toLowerCase().startsWith(letter.toLowerCase()))
  return found ? pick(form, field, found.value) : form
}

export function openChoices(form: FormState, field: FormField): FormState {
  const now = choiceOf(field, form)
  return now ? { ...form, open: choicesOf(field).indexOf(now) } : form
}

export function closeChoices({ open: _closed, ...form }: FormState): FormState {
  return form
}

/** The cursor goes to the field that the error is about, the nearest that there is. */
export function withError(fields: readonly FormField[], form: FormState, { field: path, ...said }: FormError): FormState {
  const field = path === undefined ? undefined : findField(fields, path)
  return { ...answered(focusOn(form, field?.name)), error: { ...said, ...(field && { field: field.name }) } }
}

export function answered({ asking: _over, ...form }: FormState): FormState {
  return form
}

/** `networks.0.forwards.1` is at the field `networks.0.forwards`; where there is none, at the first one of `networks.0`. */
function findField(fields: readonly FormField[], path: string): FormField | undefined {
  const parts = path.split('.')
  for (let length = parts.length; length > 0; length--) {
    const around = parts.slice(0, length).join('.')
    const found = fields.find(({ name }) => name === around || name.startsWith(`${around}.`))
    if (found) return found
  }
  return undefined
}
