/** From a list to a form. */
import type { Context } from '../context.ts'
import { openForm } from '../screens/open-form.ts'
import type { FormView } from '../model/views.ts'
import { currentImageRow } from '../screens/images/current-row.ts'

const open = (screen: FormView['screen']) => ({ change }: Context) => change((state) => openForm(state, screen))

export const openFormActions = {
  /** Of the image under the cursor, where one comes from the images. */
  'create.open': ({ change }: Context) =>
    change((state) => {
      const row = currentImageRow(state)
      return openForm(state, 'create', row && 'image' in row ? { image: row.image.name } : {})
    }),
  'import.open': open('import'),
  'pull.open': open('pull'),
  'build.open': open('build'),
}
