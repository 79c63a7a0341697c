/** All VMs, one a line. */
import { Box, Text } from 'ink'
import type { ReactNode } from 'react'
import type { Vm } from '../../../../policy/api/vm.ts'
import { formatBytes, formatQuantity } from '../../../cli/quantity.ts'
import { Table, type Column } from '../../components/table.tsx'
import type { State } from '../../model/state.ts'
import type { VmColumn, VmsView } from '../../model/views.ts'
import { usageNow } from '../../model/world.ts'
import { formatSpan } from '../../text/ago.ts'
import { useTheme } from '../../theme/theme.ts'
import type { ScreenProps } from '../screen.ts'
import { addressesOf, nameOf, type VmRows } from './rows.ts'

export function createVmsBody(rowsOf: VmRows) {
  return function VmsBody({ view, state, size }: ScreenProps<VmsView>): ReactNode {
    const { world } = state
    if (!world.vms) return <Text> </Text>
    if (world.vms.size === 0) return <NoVms />
    const rows = rowsOf(view, world)
    const empty = `No VM holds "${view.list.filter}"; esc takes the filter away`
    return <Table columns={columnsOf(view, state)} rows={rows} keyOf={({ id }) => id} list={view.list} size={size} empty={empty} marks />
  }
}

function NoVms(): ReactNode {
  const { paint } = useTheme()
  return (
    <Box flexDirection="column" padding={1}>
      <Text>{`No VM yet: press ${paint('c', 'key')} to make one.`}</Text>
    </Box>
  )
}

function columnsOf({ sort }: VmsView, state: State): Column<Vm>[] {
  const { world, now } = state
  const usage = (vm: Vm) => (vm.state === 'running' ? usageNow(world, vm.id, now) : undefined)
  const sorted = (by: VmColumn) => sort.by === by && { sorted: sort.descending ? ('descending' as const) : ('ascending' as const) }
  return [
    { title: 'NAME', width: 12, grow: 2, cell: nameOf, ...sorted('name') },
    { title: 'ID', width: 8, from: 100, cell: ({ id }) => id },
    { title: 'STATE', width: 8, cell: stateOf, meaning: ({ state, problem }) => (problem === undefined ? state : 'broken'), ...sorted('state') },
    { title: 'IMAGE', width: 9, grow: 1, cell: ({ image }) => image, ...sorted('image') },
    { title: 'CPU', width: 6, align: 'right', cell: (vm) => formatPercent(usage(vm)?.cpuPercent), ...sorted('cpu') },
    { title: 'MEM', width: 9, align: 'right', cell: (vm) => formatMemory(usage(vm)?.memoryBytes), ...sorted('memory') },
    { title: 'OF', width: 8, align: 'right', from: 100, cell: ({ memoryMiB }) => formatQuantity(memoryMiB, 'MiB') },
    { title: 'UP', width: 6, align: 'right', cell: ({ startedAt }) => (startedAt === undefined ? '' : formatSpan(now - Date.parse(startedAt))), ...sorted('uptime') },
    { title: 'ADDRESSES', width: 16, grow: 4, cell: (vm) => addressesOf(vm).join(' ') },
  ]
}

function stateOf({ state, operation }: Vm): string {
  return operation ?? state
}

function formatPercent(percent: number | undefined): string {
  return percent === undefined ? '' : `${percent < 10 ? percent.toFixed(1) : Math.round(percent)}%`
}

function formatMemory(bytes: number | undefined): string {
  return bytes === undefined ? '' : formatBytes(bytes)
}
