import type { DoctorView } from '../../model/views.ts'
import { textScreen } from '../text-screen.tsx'
import { doctorLines } from './lines.ts'

export const doctorScreen = textScreen<DoctorView>({
  title: (_view, { world: { checks } }) => (checks.asking ? 'Doctor: the host is being checked' : 'Doctor'),
  lines: (_view, { world }, { columns }) => doctorLines(world, columns),
  shows: ['checks'],
})
