import type { ImagesView } from '../../model/views.ts'
import type { Screen } from '../screen.ts'
import { FOOT_LINES, ImagesBody } from './body.tsx'
import { imageRowsOf } from './current-row.ts'

export const imagesScreen: Screen<ImagesView> = {
  title: ({ list: { filter } }) => (filter === '' ? 'Images' : `Images with "${filter}"`),
  Body: ImagesBody,
  keys: (view, { world }) => imageRowsOf(view, world).map(({ key }) => key),
  foot: FOOT_LINES,
  shows: ['images'],
}
