/** A line that is being typed, with its cursor. */
import { Text } from 'ink'
import type { ReactNode } from 'react'
import type { TextField } from '../model/text-field.ts'
import { windowText } from '../text/text-window.ts'
import { useTheme } from '../theme/theme.ts'

/** Of a text that is longer than its place the part around the cursor is shown. */
export interface TypedTextProps {
  readonly field: TextField
  /** Cells that there are for it. */
  readonly width: number
}

export function TypedText({ field, width }: TypedTextProps): ReactNode {
  const { inverse } = useTheme()
  const { before, under, after } = windowText(field, width)
  return <Text wrap="truncate">{before + inverse(under) + after}</Text>
}
