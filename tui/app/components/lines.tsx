/** Lines as the theme draws them. */
import { Box, Text } from 'ink'
import { memo, type ReactNode } from 'react'
import { fitLine, type Line } from '../text/line.ts'
import { useTheme, type Theme } from '../theme/theme.ts'

/** One line, cut at `width`. */
export function LineOf({ line, width }: { readonly line: Line; readonly width: number }): ReactNode {
  const theme = useTheme()
  return <Drawn text={drawLine(fitLine(line, width, theme.glyphs.ellipsis), theme)} />
}

/** Drawn anew only where its text is another one. A line without any character would have no height. */
const Drawn = memo(({ text }: { readonly text: string }) => (
  <Box>
    <Text wrap="truncate">{text || ' '}</Text>
  </Box>
))

function drawLine(line: Line, theme: Theme): string {
  return line
    .map(({ text, look, meaning }) => {
      const painted = meaning === undefined ? text : theme.paint(text, meaning)
      return look === undefined ? painted : theme[look](painted)
    })
    .join('')
    .trimEnd()
}
