import { emptyList } from '../../model/list.ts'
import type { NetworksView } from '../../model/views.ts'
import type { Screen } from '../screen.ts'
import { NetworksBody } from './body.tsx'
import { filterNetworks, networkRows } from './rows.ts'

export const networksView: NetworksView = { screen: 'networks', list: emptyList }

export const networksScreen: Screen<NetworksView> = {
  title: ({ list: { filter } }) => (filter === '' ? 'Networks' : `Networks with "${filter}"`),
  Body: NetworksBody,
  keys: (view, { world }) => filterNetworks(networkRows(world) ?? [], view).map(({ key }) => key),
  shows: ['networks', 'vpns', 'peers'],
}
