/** The first line: which daemon this is, what may be done there, and how many VMs run. */
import { Text } from 'ink'
import type { ReactNode } from 'react'
import type { State } from '../model/state.ts'
import type { World } from '../model/world.ts'
import { formatClock } from '../text/ago.ts'
import { fit, widthOf } from '../text/fit.ts'
import { useTheme } from '../theme/theme.ts'

export function Header({ state }: { readonly state: State }): ReactNode {
  const { inverse, glyphs } = useTheme()
  const { columns } = state.size
  const right = `${countVms(state.world)}  ${formatClock(state.now).slice(0, 5)} `
  const left = fit(` aetherscale  ${describeLink(state.world)}`, Math.max(0, columns - widthOf(right)), glyphs.ellipsis)
  return <Text wrap="truncate">{inverse(left + right)}</Text>
}

function describeLink({ link }: World): string {
  switch (link.state) {
    case 'connecting':
      return 'connecting'
    case 'down':
      return 'no daemon'
    case 'up': {
      const { hostname, access, accelerator } = link.info
      return [hostname, link.silent ? 'does not answer' : '', access === 'observe' ? 'read-only' : '', accelerator?.kind === 'tcg' ? 'without KVM' : ''].filter(Boolean).join('  ')
    }
  }
}

function countVms({ vms }: World): string {
  if (!vms) return ''
  let running = 0
  for (const { state } of vms.values()) if (state === 'running') running++
  return vms.size === 0 ? 'no VMs' : `${running} of ${vms.size} running`
}
