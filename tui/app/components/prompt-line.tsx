/** What is being typed, and above it what belongs there or what is wrong. */
import { Box, Text } from 'ink'
import type { ReactNode } from 'react'
import { problemLines, shownCandidates, type CommandPrompt, type Prompt } from '../model/prompt.ts'
import type { Size } from '../model/state.ts'
import { cutTo, fit, widthOf } from '../text/fit.ts'
import { useTheme } from '../theme/theme.ts'
import { TypedText } from './typed-text.tsx'

export function PromptLine({ prompt, size }: { readonly prompt: Prompt; readonly size: Size }): ReactNode {
  const { paint } = useTheme()
  return (
    <Box flexDirection="column">
      {prompt.kind === 'command' && <Above prompt={prompt} size={size} />}
      <Box>
        <Text>{paint(prompt.kind === 'filter' ? '/' : ':', 'key')}</Text>
        <TypedText field={prompt.field} width={size.columns - 1} />
      </Box>
    </Box>
  )
}

function Above({ prompt, size: { columns, rows } }: { readonly prompt: CommandPrompt; readonly size: Size }): ReactNode {
  const { paint, dim, inverse, glyphs, plain } = useTheme()
  const shown = prompt.offer ? shownCandidates(prompt.offer, rows) : []
  const width = Math.min(Math.floor(columns / 2), Math.max(...shown.map(({ value }) => widthOf(value))))
  return (
    <Box flexDirection="column">
      {problemLines(prompt, columns).map((line, index) => (
        <Text key={index}>{paint(line, 'error')}</Text>
      ))}
      {shown.map(({ value, about, index }) => {
        const isChosen = index === prompt.offer?.chosen
        const name = fit(value, width, glyphs.ellipsis)
        return (
          <Box key={value} aria-state={{ selected: isChosen }}>
            <Text wrap="truncate">{`${isChosen && plain ? '>' : ' '}${isChosen ? inverse(name) : name}  ${dim(cutTo(about, columns - width - 3, glyphs.ellipsis))}`}</Text>
          </Box>
        )
      })}
    </Box>
  )
}
