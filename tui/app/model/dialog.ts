/** PURE: a question that has to be answered before anything else. */
import type { Context } from '../context.ts'
import type { TextField } from './text-field.ts'

export interface Dialog {
  readonly title: string
  readonly lines: readonly string[]
  /** What the button says that does it. */
  readonly confirm: string
  /** Which button enter presses. A dialog begins with Cancel: enter by habit does nothing. */
  readonly focus: 'cancel' | 'confirm'
  /** What has to be typed before it can be confirmed, and what has been. */
  readonly typed?: { readonly expected: string; readonly field: TextField }
  readonly run: (context: Context) => void
}

export function mayConfirm({ typed }: Dialog): boolean {
  return typed === undefined || typed.field.text === typed.expected
}
