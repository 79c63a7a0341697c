/** PURE: which VMs an action is for. */
import type { Vm } from '../../../policy/api/vm.ts'
import { chosenKeys, cursorKey } from '../model/list.ts'
import { currentView, type State } from '../model/state.ts'
import { currentList } from '../screens/current-list.ts'

/** In a list of VMs the marked ones, or the one under the cursor; else the one that the screen is of. */
export function chosenVms(state: State): Vm[] {
  const list = listOfVms(state)
  return list ? list.chosen.flatMap((id) => state.world.vms?.get(id) ?? []) : [...ofView(state)]
}

/** The one under the cursor, whatever is marked; else the one that the screen is of. */
export function currentVm(state: State): Vm | undefined {
  const list = listOfVms(state)
  return list ? state.world.vms?.get(list.current ?? '') : ofView(state)[0]
}

function listOfVms(state: State): { readonly chosen: readonly string[]; readonly current: string | undefined } | undefined {
  const current = currentView(state).screen === 'vms' ? currentList(state) : undefined
  return current && { chosen: chosenKeys(current.list, current.keys), current: cursorKey(current.list, current.keys) }
}

function ofView(state: State): readonly Vm[] {
  const view = currentView(state)
  const vm = 'vm' in view ? state.world.vms?.get(view.vm) : undefined
  return vm ? [vm] : []
}
