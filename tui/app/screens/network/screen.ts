import type { NetworkView } from '../../model/views.ts'
import { textScreen } from '../text-screen.tsx'
import { networkLines } from './lines.ts'

export const networkScreen = textScreen<NetworkView>({
  title: ({ kind, name }) => `${kind === 'vpn' ? 'VPN' : 'network'} ${name}`,
  lines: (view, { world }, { columns, ellipsis }) => networkLines(view, world, { width: columns, ellipsis }),
  shows: ['networks', 'vpns', 'peers'],
})
