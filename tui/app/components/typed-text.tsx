/** A line that is being typed, with its cursor. */
import { Text } from 'ink'
import type { ReactNode } from 'react'
import type { TextField } from '../model/text-field.ts'
import { useTheme } from '../theme/theme.ts'

export function TypedText({ field: { text, at }, active }: { readonly field: TextField; readonly active: boolean }): ReactNode {
  const { inverse } = useTheme()
  if (!active) return <Text wrap="truncate">{text}</Text>
  const under = [...text.slice(at)][0] ?? ' '
  return <Text wrap="truncate">{text.slice(0, at) + inverse(under) + text.slice(at + under.length)}</Text>
}
