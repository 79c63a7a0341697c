/** PURE: what the forms of images have in common. */
import { paramOf } from './contract.ts'
import type { ChoiceInput } from './field.ts'

/** How guests of an image that is brought in are told what to do. */
export function firstBootField(method: 'image.import' | 'image.pull'): ChoiceInput {
  return {
    kind: 'choice',
    name: 'firstBoot',
    label: 'First boot',
    about: paramOf(method, 'firstBoot').about,
    choices: [
      { value: 'auto', label: 'auto', about: 'looked for in the image' },
      { value: 'nocloud', label: 'nocloud', about: 'cloud-init in it reads a seed disk' },
      { value: 'libguestfs', label: 'libguestfs', about: 'written into the disk' },
    ],
  }
}

export type FirstBootChoice = 'auto' | 'nocloud' | 'libguestfs'

/** `https://host/debian-12.qcow2.xz?x` is called `debian-12`; `undefined` where the file has no name. */
export function nameOfFile(path: string): string | undefined {
  const file = path.replace(/[?#].*$/, '').split('/').at(-1) ?? ''
  return file.replace(/\.(gz|xz|zst)$/, '').replace(/(?<=.)\.[^.]*$/, '') || undefined
}
