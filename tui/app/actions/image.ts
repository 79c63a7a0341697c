/** What can be done to images. */
import type { Context } from '../context.ts'
import type { State } from '../model/state.ts'
import { currentImageRow } from '../screens/images/current-row.ts'
import { namesOf } from '../screens/images/details.ts'

export const imageActions = {
  'image.delete': ({ get, change }: Context) => {
    const row = currentImageRow(get())
    if (!row) return
    const { name } = row
    const remove = (label: string, done: string) => ({ operate }: Context) => void operate('image.delete', { image: name }, { label, subject: name, done: () => done })
    const question =
      'operation' in row
        ? { title: `Give up the pull of ${name}?`, lines: ['What has come of it is removed.'], confirm: 'Give it up', run: remove(`give up ${name}`, `the pull of ${name} is given up`) }
        : { title: `Delete the image ${name}?`, lines: ['Its file is removed, for good.'], confirm: 'Delete', run: remove(`delete ${name}`, `${name} is deleted`) }
    change((state) => ({ ...state, dialog: { ...question, focus: 'cancel' } }))
  },
}

export const imageObstacles = {
  'image.delete': (state: State): string | undefined => {
    const row = currentImageRow(state)
    if (!row) return 'there is no image here'
    if ('operation' in row) return fixed[row.operation.method]
    return row.image.usedBy.length === 0 ? undefined : `VMs stand on ${row.name}: ${namesOf(row.image.usedBy, state.world).join(', ')}`
  },
}

const fixed: Readonly<Record<string, string>> = {
  'image.build': 'a build ends by itself, or with this program',
  'image.import': 'an import ends by itself',
}
