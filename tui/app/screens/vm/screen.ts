import { scrollBy } from '../../model/scroll.ts'
import { bodySize, type State } from '../../model/state.ts'
import type { VmView } from '../../model/views.ts'
import { chooseGlyphs } from '../../theme/glyphs.ts'
import type { Screen } from '../screen.ts'
import { nameOf } from '../vms/rows.ts'
import { VmBody } from './body.tsx'
import { vmRows } from './rows.ts'

/** How many rows there are does not depend on what they are drawn with. */
const anyGlyphs = chooseGlyphs({})

export const vmScreen: Screen<VmView> = {
  title: ({ vm, tab }, state) => `${nameOfVm(vm, state)}${tab === 'plan' ? ': what would be run' : ''}`,
  Body: VmBody,
  scroll(view, state, by) {
    const size = bodySize(state)
    const lines = vmRows(view, state, { size, glyphs: anyGlyphs }).length
    return { ...view, scroll: scrollBy(view.scroll, by, lines, size.rows) }
  },
  gone: whyVmGone,
  measures: ({ vm }, { world }) => (world.vms?.get(vm)?.pid === undefined ? [] : [vm]),
}

export function nameOfVm(id: string, { world }: State): string {
  const vm = world.vms?.get(id)
  return vm ? nameOf(vm) : id
}

/** Of any screen that is about one VM. */
export function whyVmGone({ vm }: { readonly vm: string }, before: State, { world }: State): string | undefined {
  return world.vms && !world.vms.has(vm) ? `${nameOfVm(vm, before)} was deleted` : undefined
}
