import { Box, Text } from 'ink'
import type { ReactNode } from 'react'
import { FormBody } from '../../form/form-body.tsx'
import type { CreateView } from '../../model/views.ts'
import { useTheme } from '../../theme/theme.ts'
import type { Screen, ScreenProps } from '../screen.ts'
import { createFields } from './fields.ts'

export const createScreen: Screen<CreateView> = {
  title: () => 'new VM',
  Body: CreateBody,
  shows: ['images', 'networks', 'vpns'],
  form: { fields: createFields },
}

function CreateBody({ view, state, size }: ScreenProps<CreateView>): ReactNode {
  const fields = createFields(view, state)
  return fields.length === 0 ? <NoImages isBroken={(state.world.images.items?.length ?? 0) > 0} /> : <FormBody fields={fields} form={view.form} size={size} />
}

function NoImages({ isBroken }: { readonly isBroken: boolean }): ReactNode {
  const { paint } = useTheme()
  return (
    <Box flexDirection="column" padding={1} gap={1}>
      <Text>{isBroken ? 'A VM stands on an image, and none of those that are here can be used.' : 'A VM stands on an image, and there is none yet.'}</Text>
      <Text>{`Press ${paint('enter', 'key')} to go to the images, and get one there: pulled, imported or built.`}</Text>
    </Box>
  )
}
