/** PURE: a form as lines: a field each, what is wrong below it, and at the bottom what the field is for. */
import type { Size } from '../model/state.ts'
import { cutTo, fit, widthOf } from '../text/fit.ts'
import { windowText } from '../text/text-window.ts'
import { wrap } from '../text/wrap.ts'
import type { Theme } from '../theme/theme.ts'
import { choicesOf, isTyped, type FormField } from './field.ts'
import { choiceOf, focusIndex, focusedField, textOf, type FormError, type FormState } from './form.ts'

interface Line {
  readonly text: string
  /** The cursor is here: this line is always shown. */
  readonly isCurrent?: boolean
  /** The field with the cursor, whose list may be open below it. */
  readonly isHead?: boolean
}

interface Place {
  readonly theme: Theme
  /** Cells of the labels and of what is right of them. */
  readonly labels: number
  readonly values: number
}

/** Lines below the fields, with a blank one above, where there is room. */
const ABOUT_LINES = 2
/** Of what is about all of the form. */
const ERROR_LINES = 4
/** Choices of an open list that are shown at a time. */
const LIST_LINES = 8
/** The pointer before a label, and the arrow before a value. */
const POINTER = 2

/** As many lines as the body has, at the most. */
export function drawForm(fields: readonly FormField[], form: FormState, { columns, rows }: Size, theme: Theme): string[] {
  const labels = Math.min(Math.max(...fields.map(({ label }) => widthOf(label))), Math.floor(columns / 3))
  const place: Place = { theme, labels, values: Math.max(1, columns - labels - 2 * POINTER - 2) }
  const at = focusIndex(fields, form)
  const lines = fields.flatMap((field, index) => drawField(field, form, index === at, place))
  const below = rows > ABOUT_LINES + 2 ? drawBelow(fields, form, columns, theme) : []
  const height = rows - below.length - (below.length > 0 ? 1 : 0)
  const top = windowTop(lines, height)
  const shown = lines.slice(top, top + height).map(({ text }) => text)
  const more = below.length === 0 ? [] : [drawMore(top > 0, top + height < lines.length, theme)]
  return [...shown, ...Array.from({ length: height - shown.length }, () => ' '), ...more, ...below]
}

/** A third of the room above the cursor, where there are lines for that; the field with the list that is open, if that fits. */
function windowTop(lines: readonly Line[], height: number): number {
  const at = lines.findLastIndex(({ isCurrent }) => isCurrent)
  const head = lines.findIndex(({ isHead }) => isHead)
  const top = Math.max(0, Math.min(lines.length - height, at - Math.floor(height / 3)))
  return at - head < height ? Math.min(top, head) : top
}

/** Fields that are out of sight. */
function drawMore(isAbove: boolean, isBelow: boolean, { dim, glyphs }: Theme): string {
  return isAbove || isBelow ? dim(`  ${isAbove ? glyphs.ascending : ''}${isBelow ? glyphs.descending : ''} more`) : ''
}

function drawField(field: FormField, form: FormState, isCurrent: boolean, place: Place): Line[] {
  const { theme, labels } = place
  const { glyphs, bold } = theme
  const label = fit(field.label, labels, glyphs.ellipsis)
  const isOpen = isCurrent && form.open !== undefined
  const head = `${isCurrent ? theme.paint(glyphs.separator, 'key') : ' '} ${isCurrent ? bold(label) : label} ${drawValue(field, form, isCurrent, place)}`
  const error = form.error?.field === field.name ? drawError(form.error, place) : []
  return [{ text: head, isCurrent: isCurrent && !isOpen, isHead: isCurrent }, ...(isOpen ? drawChoices(field, form.open, place) : []), ...error]
}

/** What left and right change stands between arrows. */
function drawValue(field: FormField, form: FormState, isCurrent: boolean, { theme, values }: Place): string {
  const { glyphs, dim, inverse } = theme
  const cut = (text: string): string => cutTo(text, values, glyphs.ellipsis)
  if (isTyped(field)) {
    const typed = textOf(field, form)
    const placeholder = typed.text === '' && field.placeholder !== undefined ? field.placeholder : ''
    if (!isCurrent) return `  ${placeholder === '' ? cut(typed.text) : dim(cut(placeholder))}`
    const { before, under, after } = windowText(typed, values)
    const hint = placeholder === '' ? '' : ` ${dim(cutTo(placeholder, values - 2, glyphs.ellipsis))}`
    return `  ${before}${inverse(under)}${after}${hint}`
  }
  const choice = choiceOf(field, form)
  if (!choice) return `  ${dim(cut((field.kind === 'choice' && field.placeholder) || ''))}`
  const label = cut(choice.label)
  const about = choice.about === undefined ? '' : `  ${dim(cutTo(choice.about, values - widthOf(label) - 4, glyphs.ellipsis))}`
  if (!isCurrent) return `  ${label}  ${about}`
  return `${glyphs.left} ${inverse(label)} ${glyphs.right}${about}`
}

function drawChoices(field: FormField, open = 0, { theme, labels, values }: Place): Line[] {
  const { glyphs, dim, inverse } = theme
  const choices = choicesOf(field)
  const width = Math.min(Math.max(...choices.map(({ label }) => widthOf(label))), Math.floor(values / 2))
  const top = Math.max(0, Math.min(choices.length - LIST_LINES, open - Math.floor(LIST_LINES / 2)))
  const indent = ' '.repeat(labels + 2 * POINTER + 1)
  return choices.slice(top, top + LIST_LINES).map(({ label, about = '' }, index) => {
    const name = ` ${fit(label, width, glyphs.ellipsis)} `
    const isCurrent = top + index === open
    return { text: `${indent}${isCurrent ? inverse(name) : name} ${dim(cutTo(about, values - width - 3, glyphs.ellipsis))}`, isCurrent }
  })
}

/** Right of the labels: what is wrong, and what to do. */
function drawError(error: FormError, { theme, labels, values }: Place): Line[] {
  const indent = ' '.repeat(labels + POINTER + 1)
  return describeError(error, values, theme).map((text, index) => ({ text: `${indent}${index === 0 ? theme.paint('!', 'error') : ' '} ${text}` }))
}

function describeError({ message, hint }: FormError, width: number, { paint }: Theme): string[] {
  return [...wrap(message, width).map((line) => paint(line, 'error')), ...(hint === undefined ? [] : wrap(hint, width))]
}

function drawBelow(fields: readonly FormField[], form: FormState, columns: number, theme: Theme): string[] {
  const { error, candidates, asking } = form
  if (asking) return [theme.dim('Asking the daemon'), '']
  if (error && error.field === undefined) return describeError(error, columns, theme).slice(0, ERROR_LINES)
  const told = candidates?.join('  ') ?? focusedField(fields, form)?.about ?? ''
  const lines = wrap(told, columns)
  const shown = Array.from({ length: ABOUT_LINES }, (_unused, index) => {
    const isCut = index === ABOUT_LINES - 1 && lines.length > ABOUT_LINES
    return cutTo(isCut ? `${lines[index] ?? ''} ${theme.glyphs.ellipsis}` : (lines[index] ?? ''), columns, theme.glyphs.ellipsis)
  })
  return shown.map((line) => theme.dim(line))
}
