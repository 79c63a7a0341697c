/** A question in the middle of the screen. */
import { Box, Text } from 'ink'
import type { ReactNode } from 'react'
import { mayConfirm, type Dialog } from '../model/dialog.ts'
import type { Size } from '../model/state.ts'
import { useTheme } from '../theme/theme.ts'
import { TypedText } from './typed-text.tsx'

export function DialogBox({ dialog, size }: { readonly dialog: Dialog; readonly size: Size }): ReactNode {
  const { glyphs, bold, dim } = useTheme()
  const { title, lines, confirm, focus, typed } = dialog
  return (
    <Box height={size.rows} width={size.columns} justifyContent="center" alignItems="center">
      <Box flexDirection="column" borderStyle={glyphs.border} paddingX={2} width={Math.min(70, size.columns)}>
        <Text>{bold(title)}</Text>
        {lines.map((line, index) => (
          <Text key={index}>{line}</Text>
        ))}
        {typed && (
          <Box>
            <Text>{`Type ${bold(typed.expected)} to confirm: `}</Text>
            <TypedText field={typed.field} active />
          </Box>
        )}
        <Box marginTop={1} gap={2}>
          <Button label="Cancel" focused={focus === 'cancel'} />
          {mayConfirm(dialog) ? <Button label={confirm} focused={focus === 'confirm'} /> : <Text>{dim(`[ ${confirm} ]`)}</Text>}
        </Box>
      </Box>
    </Box>
  )
}

function Button({ label, focused }: { readonly label: string; readonly focused: boolean }): ReactNode {
  const { inverse } = useTheme()
  const text = `[ ${label} ]`
  return (
    <Box aria-role="button" aria-state={{ selected: focused }}>
      <Text>{focused ? inverse(text) : text}</Text>
    </Box>
  )
}
