import { emptyList } from '../../model/list.ts'
import type { ImagesView } from '../../model/views.ts'

export const imagesView: ImagesView = { screen: 'images', list: emptyList }
