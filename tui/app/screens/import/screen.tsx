import type { ReactNode } from 'react'
import { paramOf } from '../../form/contract.ts'
import type { FormField } from '../../form/field.ts'
import { textOf } from '../../form/form.ts'
import { FormBody } from '../../form/form-body.tsx'
import { firstBootField, nameOfFile } from '../../form/image-fields.ts'
import type { ImportView } from '../../model/views.ts'
import type { Screen, ScreenProps } from '../screen.ts'

export const importScreen: Screen<ImportView> = {
  title: () => 'import',
  Body: ImportBody,
  form: { fields: importFields },
}

function ImportBody({ view, size }: ScreenProps<ImportView>): ReactNode {
  return <FormBody fields={importFields(view)} form={view.form} size={size} />
}

function importFields({ form }: ImportView): FormField[] {
  const path: FormField = {
    kind: 'text',
    name: 'path',
    label: 'File',
    about: 'A qcow2 or raw disk of this host, also packed by gzip, xz or zstd, which the daemon can read; tab completes its path',
    placeholder: 'such as ~/debian-12.qcow2',
    isPath: true,
  }
  const name = nameOfFile(textOf(path, form).text)
  return [path, { kind: 'text', name: 'name', label: 'Name', about: paramOf('image.import', 'name').about, placeholder: name ?? "the file's" }, firstBootField('image.import')]
}
