import type { ReactNode } from 'react'
import { paramOf } from '../../form/contract.ts'
import type { ChoiceInput, FormField } from '../../form/field.ts'
import { choiceOf } from '../../form/form.ts'
import { FormBody } from '../../form/form-body.tsx'
import type { BuildView } from '../../model/views.ts'
import type { Screen, ScreenProps } from '../screen.ts'

export const buildScreen: Screen<BuildView> = {
  title: () => 'build',
  Body: BuildBody,
  form: { fields: buildFields },
}

function BuildBody({ view, size }: ScreenProps<BuildView>): ReactNode {
  return <FormBody fields={buildFields(view)} form={view.form} size={size} />
}

const kind: ChoiceInput = {
  kind: 'choice',
  name: 'kind',
  label: 'What',
  about: "Of Debian's packages, from where this host gets its own. A build ends with this program",
  choices: [
    { value: 'tiny', label: 'tiny', about: 'a kernel, busybox and the guest agent: for trying things out' },
    { value: 'debian', label: 'debian', about: 'a Debian with systemd, cloud-init, SSH and the guest agent' },
  ],
}

function buildFields({ form }: BuildView): FormField[] {
  const chosen = choiceOf(kind, form)?.value ?? ''
  const suite: FormField = { kind: 'text', name: 'suite', label: 'Release', about: paramOf('image.build', 'suite').about, placeholder: "the host's, or bookworm" }
  return [kind, { kind: 'text', name: 'name', label: 'Name', about: paramOf('image.build', 'name').about, placeholder: chosen }, ...(chosen === 'debian' ? [suite] : [])]
}
