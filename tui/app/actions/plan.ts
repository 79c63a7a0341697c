/** From the plan of a VM to the VM. */
import type { Context } from '../context.ts'
import { formErrorOf } from '../form/form-error.ts'
import { bringBack } from '../screens/open-form.ts'
import type { State } from '../model/state.ts'
import type { CreateView, VmsView } from '../model/views.ts'
import { slotOfError } from '../screens/create/networks.ts'
import { nameOf } from '../screens/vms/rows.ts'
import { firstView } from '../screens/vms/first-view.ts'

export const planActions = {
  'plan.carryOut': (context: Context) => void carryOut(context),
}

/** Back to the list, where the VM appears as soon as the daemon knows of it. */
async function carryOut({ get, change, operate }: Context): Promise<void> {
  const { stack } = get()
  const view = stack.at(-1)
  const form = stack.find((each): each is CreateView => each.screen === 'create')
  if (view?.screen !== 'plan' || !form) return
  const { params, slots } = view
  change((state) => ({ ...state, stack: [listOf(state)] }))
  const before = listOf(get()).list.cursor
  const vm = await operate('vm.create', params, {
    label: `create ${params.name ?? `a VM of ${params.image}`}`,
    done: (made) => `${nameOf(made)} ${made.state === 'running' ? 'runs' : `is ${made.state}`}`,
    failed(error) {
      const { field, ...said } = formErrorOf(error, 'vm.create')
      const shown = { ...said, ...(field !== undefined && { field: slotOfError(field, slots) }) }
      change((state) => bringBack(state, form, shown, 'vms'))
    },
  })
  if (vm) change((state) => putCursor(state, vm.id, before))
}

/** The list of VMs, unfiltered: the new one is to be seen. */
function listOf({ stack: [first] }: State): VmsView {
  return first?.screen === 'vms' ? { ...first, list: { ...first.list, filter: '' } } : firstView
}

/** Unless the user has moved it meanwhile. */
function putCursor(state: State, id: string, before: string | undefined): State {
  const [first, ...others] = state.stack
  if (first?.screen !== 'vms' || first.list.cursor !== before) return state
  return { ...state, stack: [{ ...first, list: { ...first.list, cursor: id } }, ...others] }
}
