/** A question in the middle of the screen. */
import { Box, Text } from 'ink'
import type { ReactNode } from 'react'
import { mayConfirm, type Dialog } from '../model/dialog.ts'
import type { Size } from '../model/state.ts'
import { widthOf } from '../text/fit.ts'
import { useTheme } from '../theme/theme.ts'
import { layOutDialog, WIDEST } from './lay-out-dialog.ts'
import { TypedText } from './typed-text.tsx'

export function DialogBox({ dialog, size }: { readonly dialog: Dialog; readonly size: Size }): ReactNode {
  const { glyphs, bold, dim } = useTheme()
  const { confirm, focus, typed } = dialog
  const { isFramed, width, title, lines, prompt, hasButtons } = layOutDialog(dialog, size, glyphs.ellipsis)
  const content = (
    <>
      {title.map((line, index) => (
        <Text key={index} wrap="truncate">
          {bold(line)}
        </Text>
      ))}
      {lines.map((line, index) => (
        <Text key={index} wrap="truncate">
          {line}
        </Text>
      ))}
      {typed && prompt && (
        <Box>
          <Text>{`${prompt.before}${bold(prompt.expected)}${prompt.after}`}</Text>
          <TypedText field={typed.field} width={Math.max(1, width - widthOf(prompt.before + prompt.expected + prompt.after))} />
        </Box>
      )}
      {hasButtons && (
        <Box marginTop={isFramed ? 1 : 0} gap={isFramed ? 2 : 1}>
          <Button label="Cancel" focused={focus === 'cancel'} />
          {mayConfirm(dialog) ? <Button label={confirm} focused={focus === 'confirm'} /> : <Text wrap="truncate">{dim(`[ ${confirm} ]`)}</Text>}
        </Box>
      )}
    </>
  )
  if (!isFramed) {
    return (
      <Box flexDirection="column" height={size.rows} width={size.columns} overflow="hidden">
        {content}
      </Box>
    )
  }
  return (
    <Box height={size.rows} width={size.columns} justifyContent="center" alignItems="center">
      <Box flexDirection="column" borderStyle={glyphs.border} paddingX={2} width={Math.min(WIDEST, size.columns)}>
        {content}
      </Box>
    </Box>
  )
}

function Button({ label, focused }: { readonly label: string; readonly focused: boolean }): ReactNode {
  const { inverse } = useTheme()
  const text = `[ ${label} ]`
  return (
    <Box aria-role="button" aria-state={{ selected: focused }}>
      <Text wrap="truncate">{focused ? inverse(text) : text}</Text>
    </Box>
  )
}
