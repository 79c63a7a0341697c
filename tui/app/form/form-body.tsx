import { Box, Text } from 'ink'
import type { ReactNode } from 'react'
import type { Size } from '../model/state.ts'
import { useTheme } from '../theme/theme.ts'
import { drawForm } from './draw-form.ts'
import type { FormField } from './field.ts'
import type { FormState } from './form.ts'

export function FormBody({ fields, form, size }: { readonly fields: readonly FormField[]; readonly form: FormState; readonly size: Size }): ReactNode {
  const theme = useTheme()
  return (
    <Box flexDirection="column">
      {drawForm(fields, form, size, theme).map((line, index) => (
        <Text key={index} wrap="truncate">
          {line || ' '}
        </Text>
      ))}
    </Box>
  )
}
