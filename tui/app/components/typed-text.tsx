/** A line that is being typed, with its cursor. */
import { Text } from 'ink'
import type { ReactNode } from 'react'
import type { TextField } from '../model/text-field.ts'
import { widthOf } from '../text/fit.ts'
import { useTheme } from '../theme/theme.ts'

export interface TypedTextProps {
  readonly field: TextField
  readonly active: boolean
  /** Cells that there are for it: of a longer text the part before the cursor is shown. */
  readonly width?: number
}

export function TypedText({ field: { text, at }, active, width = Infinity }: TypedTextProps): ReactNode {
  const { inverse } = useTheme()
  if (!active) return <Text wrap="truncate">{text}</Text>
  const under = [...text.slice(at)][0] ?? ' '
  const before = endOf(text.slice(0, at), width - Math.max(1, widthOf(under)))
  return <Text wrap="truncate">{before + inverse(under) + text.slice(at + under.length)}</Text>
}

/** As much of the end as there is room for. */
function endOf(text: string, width: number): string {
  let end = text
  while (widthOf(end) > width) end = end.slice([...end][0]!.length)
  return end
}
