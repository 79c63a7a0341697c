/** A question in the middle of the screen. */
import { Box, Text } from 'ink'
import type { ReactNode } from 'react'
import { escapeControls } from '../../cli/render/escape.ts'
import { mayConfirm, type Dialog } from '../model/dialog.ts'
import type { Size } from '../model/state.ts'
import { widthOf } from '../text/fit.ts'
import { useTheme } from '../theme/theme.ts'
import { TypedText } from './typed-text.tsx'

/** Columns of the widest box, and of its border and what is blank inside it. */
const WIDEST = 70
const RIM = 6

export function DialogBox({ dialog, size }: { readonly dialog: Dialog; readonly size: Size }): ReactNode {
  const { glyphs, bold, dim } = useTheme()
  const { title, lines, confirm, focus, typed } = dialog
  const width = Math.min(WIDEST, size.columns)
  return (
    <Box height={size.rows} width={size.columns} justifyContent="center" alignItems="center">
      <Box flexDirection="column" borderStyle={glyphs.border} paddingX={2} width={width}>
        <Text>{bold(escapeControls(title))}</Text>
        {lines.map((line, index) => (
          <Text key={index}>{escapeControls(line)}</Text>
        ))}
        {typed && <Typed typed={typed} width={width - RIM} />}
        <Box marginTop={1} gap={2}>
          <Button label="Cancel" focused={focus === 'cancel'} />
          {mayConfirm(dialog) ? <Button label={confirm} focused={focus === 'confirm'} /> : <Text>{dim(`[ ${confirm} ]`)}</Text>}
        </Box>
      </Box>
    </Box>
  )
}

function Typed({ typed: { expected, field }, width }: { readonly typed: NonNullable<Dialog['typed']>; readonly width: number }): ReactNode {
  const { bold } = useTheme()
  const [before, name, after] = ['Type ', escapeControls(expected), ' to confirm: ']
  const left = width - widthOf(before + name + after)
  return (
    <Box flexWrap="wrap">
      <Text>{before + bold(name) + after}</Text>
      <TypedText field={field} width={left > widthOf(name) ? left : width} />
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
