import type { OutputView } from '../../model/views.ts'
import { prose } from '../../text/lines.ts'
import { textScreen } from '../text-screen.tsx'

export const outputScreen = textScreen<OutputView>({
  title: ({ title }) => title,
  lines: ({ lines }, _state, { columns }) => lines.flatMap((line) => prose(line, columns)),
})
