/** Private networks and VPNs, one a line. */
import { Box, Text } from 'ink'
import type { ReactNode } from 'react'
import { escapeControls } from '../../../cli/render/escape.ts'
import { Table, type Column } from '../../components/table.tsx'
import type { NetworksView } from '../../model/views.ts'
import { useTheme } from '../../theme/theme.ts'
import type { ScreenProps } from '../screen.ts'
import { cursorIndex } from '../../model/list.ts'
import { wrap } from '../../text/wrap.ts'
import { filterNetworks, networkRows, reachOf, type NetworkRow } from './rows.ts'

export function NetworksBody({ view, state, size }: ScreenProps<NetworksView>): ReactNode {
  const { paint } = useTheme()
  const { networks, vpns } = state.world
  const all = networkRows(state.world)
  const error = networks.error ?? vpns.error
  if (!all) return <Text>{error === undefined ? ' ' : paint(escapeControls(error), 'error')}</Text>
  if (all.length === 0) return <NoNetworks />
  const empty = `None holds "${view.list.filter}"; esc takes the filter away`
  const rows = filterNetworks(all, view)
  const current = rows[cursorIndex(view.list, rows.map(({ key }) => key))]
  const problem = wrap(current?.network.problem ?? '', size.columns).filter(Boolean)
  return (
    <Box flexDirection="column" height={size.rows}>
      <Table columns={columns} rows={rows} keyOf={({ key }) => key} list={view.list} size={{ ...size, rows: size.rows - problem.length }} empty={empty} />
      <Box flexGrow={1} />
      {problem.map((line, index) => (
        <Text key={index}>{paint(line, 'broken')}</Text>
      ))}
    </Box>
  )
}

function NoNetworks(): ReactNode {
  const { paint } = useTheme()
  return (
    <Box flexDirection="column" padding={1}>
      <Text>{`No private network yet: press ${paint('c', 'key')} to make one.`}</Text>
      <Text>{`A VPN reaches over several hosts: ${paint(':vpn create NAME', 'key')}, or ${paint(':vpn join -', 'key')} for one of another host.`}</Text>
    </Box>
  )
}

const columns: Column<NetworkRow>[] = [
  { title: 'NAME', width: 9, grow: 1, cell: ({ name }) => name },
  { title: 'KIND', width: 7, cell: ({ kind }) => (kind === 'vpn' ? 'VPN' : 'network') },
  { title: 'PREFIX', width: 24, from: 78, cell: ({ network: { prefix = '' } }) => prefix },
  { title: 'VMS', width: 4, align: 'right', cell: ({ vms }) => String(vms.length) },
  { title: 'PEERS', width: 5, align: 'right', cell: reachOf, meaning: (row) => (isWhole(row) ? '' : 'degraded') },
  { title: 'TUNNEL', width: 7, cell: tunnelOf, meaning: (row) => (tunnelOf(row) === 'stopped' ? 'broken' : tunnelOf(row)) },
  { title: 'ON IT', width: 10, grow: 1, from: 100, cell: ({ vms }) => vms.join(' ') },
  { title: 'PROBLEM', width: 8, grow: 3, cell: ({ network: { problem = '' } }) => problem, meaning: () => 'broken' },
]

function tunnelOf(row: NetworkRow): string {
  return row.kind === 'vpn' ? row.network.tunnel : ''
}

function isWhole(row: NetworkRow): boolean {
  return row.kind !== 'vpn' || (row.peers ?? []).every(({ reachable = true }) => reachable)
}
