import type { ReactNode } from 'react'
import type { Context } from '../../context.ts'
import { paramOf } from '../../form/contract.ts'
import type { FormField } from '../../form/field.ts'
import { textOf } from '../../form/form.ts'
import { FormBody } from '../../form/form-body.tsx'
import { firstBootField, nameOfFile, type FirstBootChoice } from '../../form/image-fields.ts'
import { absolutePath } from '../../form/read-file.ts'
import { readCurrentForm, sendForm } from '../../form/send-form.ts'
import type { ImportView } from '../../model/views.ts'
import type { Screen, ScreenProps } from '../screen.ts'

export const importScreen: Screen<ImportView> = {
  title: () => 'import',
  Body: ImportBody,
  form: { fields: importFields, submit: submitImport },
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

function submitImport(context: Context): void {
  const values = readCurrentForm(context)
  if (!values) return
  const path = values.text('path')
  const name = values.text('name') ?? (path === undefined ? undefined : nameOfFile(path))
  const params = { path: path === undefined ? '' : absolutePath(path, context.place), name, firstBoot: values.pick('firstBoot') as FirstBootChoice }
  sendForm(context, 'image.import', params, {
    label: `import ${name ?? 'an image'}`,
    ...(name !== undefined && { subject: name }),
    done: (image) => `${image.name} is imported`,
  })
}
