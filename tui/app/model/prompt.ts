/** A line that is being typed below the screen. */
import type { TextField } from './text-field.ts'

export type Prompt =
  /** `before` comes back with esc. */
  | { readonly kind: 'filter'; readonly field: TextField; readonly before: string }
  | { readonly kind: 'command'; readonly field: TextField }
