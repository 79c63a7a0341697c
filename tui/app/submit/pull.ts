import type { Context } from '../context.ts'
import { nameOfFile, type FirstBootChoice } from '../form/image-fields.ts'
import { BY_URL } from '../screens/pull/fields.ts'
import { readCurrentForm, sendForm } from './send-form.ts'

export function submitPull(context: Context): void {
  const values = readCurrentForm(context)
  const from = values?.pick('source.from')
  // The catalogue has not come yet.
  if (!values || from === undefined) return
  const isByUrl = from === BY_URL
  const source = isByUrl ? (values.text('source.url') ?? '') : from
  // Said also where the daemon would find it: it is how the pull is given up.
  const name = values.text('name') ?? (isByUrl ? nameOfFile(source) : source)
  const params = {
    source,
    name,
    sha256: values.text('sha256'),
    sha512: values.text('sha512'),
    checksums: values.text('checksums'),
    unverified: values.pick('check') === 'unverified',
    limitMiB: values.number('limitMiB'),
    firstBoot: values.pick('firstBoot') as FirstBootChoice,
  }
  sendForm(context, 'image.pull', params, {
    label: `pull ${name ?? source}`,
    subject: name ?? source,
    done: (image) => `${image.name} is pulled`,
    fieldFor(error) {
      if (error.name === 'IMAGE_DIGEST_MISSING') return 'check'
      return error.field === 'source' && isByUrl ? 'source.url' : error.field
    },
  })
}
