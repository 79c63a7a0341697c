/** PURE: what is asked for an image that is to be downloaded. */
import { formatQuantity } from '../../../cli/quantity.ts'
import { integerOf, paramOf } from '../../form/contract.ts'
import type { ChoiceInput, FormField, TextInput } from '../../form/field.ts'
import { choiceOf, textOf } from '../../form/form.ts'
import { firstBootField, nameOfFile } from '../../form/image-fields.ts'
import type { State } from '../../model/state.ts'
import type { PullView } from '../../model/views.ts'
import type { World } from '../../model/world.ts'

/** No image of the catalogue is called so. */
export const BY_URL = 'url:'

export function pullFields({ form }: PullView, { world }: State): FormField[] {
  const source = sourceField(world)
  const isByUrl = choiceOf(source, form)?.value === BY_URL
  const check = checkField(isByUrl)
  const name = isByUrl ? nameOfFile(textOf(url, form).text) : choiceOf(source, form)?.value
  const { fallback } = paramOf('image.pull', 'limitMiB')
  return [
    source,
    ...(isByUrl ? [url] : []),
    { kind: 'text', name: 'name', label: 'Name', about: paramOf('image.pull', 'name').about, placeholder: name ?? "the file's" },
    check,
    ...digestFields(choiceOf(check, form)?.value),
    firstBootField('image.pull'),
    {
      kind: 'number',
      name: 'limitMiB',
      label: 'At most',
      about: paramOf('image.pull', 'limitMiB').about,
      shape: integerOf('image.pull', 'limitMiB'),
      initial: formatQuantity(Number(fallback), 'MiB'),
    },
  ]
}

function sourceField({ catalogue, images }: World): ChoiceInput {
  const here = new Set<string>(images.items?.map(({ name }) => name))
  const known = (catalogue.items ?? []).map(({ name, title }) => ({ value: name, label: name, about: here.has(name) ? `${title}; is here already` : title }))
  const isAnswered = catalogue.items !== undefined || catalogue.error !== undefined
  return {
    kind: 'choice',
    name: 'source.from',
    label: 'What',
    about: catalogue.error ?? 'An image of the catalogue, or any by its URL',
    choices: isAnswered ? [...known, { value: BY_URL, label: 'another', about: 'by its URL' }] : [],
    placeholder: 'asking for the catalogue',
  }
}

const url: TextInput = { kind: 'text', name: 'source.url', label: 'URL', about: 'Of a qcow2 or raw disk, also packed by gzip, xz or zstd', placeholder: 'https://' }

function checkField(isByUrl: boolean): ChoiceInput {
  return {
    kind: 'choice',
    name: 'check',
    label: 'Checked by',
    about: 'Only a file whose digest is known is taken, unless you say that it need not be',
    choices: [
      { value: 'published', label: 'published', about: isByUrl ? 'SHA256SUMS, SHA512SUMS, .sha256 or .sha512 beside the file' : 'what the catalogue says' },
      { value: 'sha256', label: 'SHA-256', about: 'you give the digest' },
      { value: 'sha512', label: 'SHA-512', about: 'you give the digest' },
      { value: 'checksums', label: 'list', about: 'you give the URL of a list of digests' },
      { value: 'unverified', label: 'nothing', about: 'unverified: whoever is on the way can give you another file' },
    ],
  }
}

function digestFields(check = ''): FormField[] {
  const labels: Readonly<Record<string, string>> = { sha256: '  SHA-256', sha512: '  SHA-512', checksums: '  list' }
  const label = labels[check]
  return label === undefined ? [] : [{ kind: 'text', name: check, label, about: paramOf('image.pull', check).about, placeholder: check === 'checksums' ? 'https://' : 'of the file, in hexadecimal digits' }]
}
