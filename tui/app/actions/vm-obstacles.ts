/** PURE: what makes no sense for a VM in the state in which it is. */
import type { Vm } from '../../../policy/api/vm.ts'
import type { State } from '../model/state.ts'
import { nameOf } from '../screens/vms/rows.ts'
import { chosenVms, currentVm } from './chosen-vms.ts'

type Obstacle = (vm: Vm) => string | undefined

/**
 * By action, of one VM. What the daemon has a sense for is left to it: a VM that is being stopped may be started, which
 * then follows, and ended, which hastens it.
 */
export const whyNot = {
  'vm.start': ({ state }) => (state === 'running' || state === 'starting' ? `is ${state} already` : whyNotThere(state)),
  'vm.stop': ({ state }) => (state === 'stopped' || state === 'stopping' ? `is ${state} already` : whyNotThere(state)),
  'vm.force': ({ state }) => (state === 'stopped' ? 'is stopped already' : whyNotThere(state)),
  'vm.restart': ({ state }) => (state === 'stopped' ? 'is stopped: start it' : whyNotThere(state)),
  'vm.pause': ({ state }) => (state === 'running' || state === 'paused' ? undefined : `is ${state}: only what runs can be held`),
  'vm.delete': ({ state }) => (state === 'creating' ? whyNotThere(state) : undefined),
  'vm.console': ({ state, pid }) => (pid === undefined ? `is ${state}: its console is there while it runs` : undefined),
} as const satisfies Readonly<Record<string, Obstacle>>

function whyNotThere(state: Vm['state']): string | undefined {
  if (state === 'creating') return 'is being made'
  return state === 'deleting' ? 'is being deleted' : undefined
}

const NONE = 'there is no VM here'

/** Of several VMs it is enough that one is fit for it. */
const ofChosen = (obstacle: Obstacle) => (state: State): string | undefined => {
  const vms = chosenVms(state)
  const [first] = vms
  if (!first) return NONE
  const why = obstacle(first)
  if (why === undefined || vms.some((vm) => obstacle(vm) === undefined)) return undefined
  return vms.length === 1 ? `${nameOf(first)} ${why}` : `none of the ${vms.length} VMs is fit for it: ${nameOf(first)} ${why}`
}

const ofCurrent = (obstacle: Obstacle) => (state: State): string | undefined => {
  const vm = currentVm(state)
  if (!vm) return NONE
  const why = obstacle(vm)
  return why && `${nameOf(vm)} ${why}`
}

export const vmObstacles = {
  'vm.start': ofChosen(whyNot['vm.start']),
  'vm.stop': ofChosen(whyNot['vm.stop']),
  'vm.force': ofChosen(whyNot['vm.force']),
  'vm.restart': ofChosen(whyNot['vm.restart']),
  'vm.pause': ofChosen(whyNot['vm.pause']),
  'vm.delete': ofChosen(whyNot['vm.delete']),
  'vm.console': ofCurrent(whyNot['vm.console']),
  'vm.open': ofCurrent(() => undefined),
  'log.open': ofCurrent(() => undefined),
}
