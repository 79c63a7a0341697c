import type { ReactNode } from 'react'
import { FormBody } from '../../form/form-body.tsx'
import type { PullView } from '../../model/views.ts'
import type { Screen, ScreenProps } from '../screen.ts'
import { pullFields } from './fields.ts'

export const pullScreen: Screen<PullView> = {
  title: () => 'pull',
  Body: PullBody,
  shows: ['catalogue', 'images'],
  form: { fields: pullFields },
}

function PullBody({ view, state, size }: ScreenProps<PullView>): ReactNode {
  return <FormBody fields={pullFields(view, state)} form={view.form} size={size} />
}
