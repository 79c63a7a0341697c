import type { Context } from '../context.ts'
import { nameOfFile, type FirstBootChoice } from '../form/image-fields.ts'
import { absolutePath } from '../files/read-file.ts'
import { readCurrentForm, sendForm } from './send-form.ts'

export function submitImport(context: Context): void {
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
