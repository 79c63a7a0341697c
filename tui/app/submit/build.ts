import type { Context } from '../context.ts'
import { readCurrentForm, sendForm } from './send-form.ts'

export function submitBuild(context: Context): void {
  const values = readCurrentForm(context)
  if (!values) return
  const chosen = values.pick('kind') as 'tiny' | 'debian'
  const name = values.text('name') ?? chosen
  sendForm(context, 'image.build', { kind: chosen, name, suite: values.text('suite') }, { label: `build ${name}`, subject: name, done: (image) => `${image.name} is built` })
}
