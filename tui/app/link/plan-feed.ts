/** What would be run for the VM whose plan is on the screen: asked for when it comes there, and when the VM has changed. */
import type { Vm } from '../../../policy/api/vm.ts'
import type { Link } from '../context.ts'
import { currentView, type State } from '../model/state.ts'
import type { Store } from '../model/store.ts'
import { withPlan, type World } from '../model/world.ts'

export interface PlanFeed {
  /** A new connection: what is shown is asked for anew. */
  reset(): void
  close(): void
}

export function createPlanFeed(link: Link, store: Store, changeWorld: (step: (world: World) => World) => void): PlanFeed {
  /** The VM as it was when its plan was asked for. */
  let asked: Vm | undefined

  const ask = ({ id }: Vm): void => {
    link.call('vm.plan', { vm: id }).then(
      (items) => changeWorld((world) => withPlan(world, id, { items })),
      (error: unknown) => changeWorld((world) => withPlan(world, id, { ...world.plans.get(id), error: (error as Error).message })),
    )
  }
  const look = (): void => {
    const state = store.get()
    if (state.world.link.state !== 'up') return
    const vm = shownVm(state)
    if (vm === asked) return
    asked = vm
    if (vm) ask(vm)
  }
  const unsubscribe = store.subscribe(look)
  return {
    reset() {
      asked = undefined
      look()
    },
    close: unsubscribe,
  }
}

function shownVm(state: State): Vm | undefined {
  const view = currentView(state)
  return view.screen === 'vm' && view.tab === 'plan' ? state.world.vms?.get(view.vm) : undefined
}
