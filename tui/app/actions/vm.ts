/** What can be done to VMs: to the marked ones, or to the one under the cursor. */
import type { Vm } from '../../../policy/api/vm.ts'
import type { Context } from '../context.ts'
import type { Dialog } from '../model/dialog.ts'
import { changeView, pushView, type State } from '../model/state.ts'
import { emptyField } from '../model/text-field.ts'
import type { View, VmColumn } from '../model/views.ts'
import { nameOf } from '../screens/vms/rows.ts'
import { chosenVms, currentVm } from './chosen-vms.ts'
import { whyNot } from './vm-obstacles.ts'

type VmAction = Exclude<keyof typeof whyNot, 'vm.console'>

/** Those of the chosen VMs that it makes sense for. */
function fitFor(action: VmAction, state: State): Vm[] {
  return chosenVms(state).filter((vm) => whyNot[action](vm) === undefined)
}

const each = (action: VmAction, operate: (context: Context, vm: Vm) => void) => (context: Context) => {
  for (const vm of fitFor(action, context.get())) operate(context, vm)
}

/** Asks first, with Cancel focused. */
const ask = (action: VmAction, question: (vms: readonly Vm[]) => Omit<Dialog, 'focus' | 'run'>, operate: (context: Context, vm: Vm) => void) => (context: Context) => {
  const vms = fitFor(action, context.get())
  if (vms.length === 0) return
  const run = (then: Context): void => {
    for (const vm of vms) operate(then, vm)
  }
  context.change((state) => ({ ...state, dialog: { ...question(vms), focus: 'cancel', run } }))
}

const start = ({ operate }: Context, vm: Vm) =>
  void operate('vm.start', { vm: vm.id }, { label: `start ${nameOf(vm)}`, subject: vm.id, done: ({ hint }) => hint ?? `${nameOf(vm)} runs` })
const stop = (force: boolean) => ({ operate }: Context, vm: Vm) =>
  void operate('vm.stop', { vm: vm.id, force }, { label: `stop ${nameOf(vm)}`, subject: vm.id, done: ({ endedBy, hint }) => hint ?? `${nameOf(vm)} is stopped, by ${endedBy}` })
const restart = ({ operate }: Context, vm: Vm) =>
  void operate('vm.restart', { vm: vm.id }, { label: `restart ${nameOf(vm)}`, subject: vm.id, done: () => `${nameOf(vm)} runs again` })
const remove = ({ operate }: Context, vm: Vm) =>
  void operate('vm.delete', { vm: vm.id }, { label: `delete ${nameOf(vm)}`, subject: vm.id, done: () => `${nameOf(vm)} is deleted` })
const pause = ({ operate }: Context, vm: Vm) => {
  const about = { subject: vm.id, done: ({ hint }: { readonly hint?: string | undefined }) => hint ?? `${nameOf(vm)} ${vm.state === 'paused' ? 'goes on' : 'is held'}` }
  if (vm.state === 'paused') return void operate('vm.resume', { vm: vm.id }, { label: `resume ${nameOf(vm)}`, ...about })
  return void operate('vm.suspend', { vm: vm.id }, { label: `suspend ${nameOf(vm)}`, ...about })
}

/** Opens something of the VM under the cursor. */
const open = (viewOf: (vm: Vm) => View) => ({ change }: Context) =>
  change((state) => {
    const vm = currentVm(state)
    return vm ? pushView(state, viewOf(vm)) : state
  })

/** A few names, and how many more. */
function nameAll(vms: readonly Vm[]): string {
  const names = vms.slice(0, 5).map(nameOf).join(', ')
  return vms.length > 5 ? `${names} and ${vms.length - 5} more` : names
}

const sortColumns: readonly VmColumn[] = ['name', 'state', 'image', 'cpu', 'memory', 'uptime']
/** Of these, the most is what one looks for. */
const mostFirst: ReadonlySet<VmColumn> = new Set(['cpu', 'memory', 'uptime'])

export const vmActions = {
  'vm.open': open(({ id }) => ({ screen: 'vm', vm: id, tab: 'facts', scroll: { top: 0 } })),
  'vm.tab': ({ change }: Context) =>
    change((state) => changeView(state, 'vm', (view) => ({ ...view, tab: view.tab === 'facts' ? 'plan' : 'facts', scroll: { top: 0 } }))),
  'vm.console': ({ get, terminal }: Context) => {
    const vm = currentVm(get())
    if (vm) void terminal.run(['vm', 'console', vm.id], { waitForKey: 'on-failure' })
  },
  'vm.start': each('vm.start', start),
  'vm.pause': each('vm.pause', pause),
  'vm.stop': ask(
    'vm.stop',
    (vms) => ({
      title: `Stop ${nameAll(vms)}?`,
      lines: ['The guest is asked to power down; what has not done so after 60 s is ended.'],
      confirm: 'Stop',
    }),
    stop(false),
  ),
  'vm.force': ask(
    'vm.force',
    (vms) => ({
      title: `End ${nameAll(vms)} at once?`,
      lines: ['As if the power was cut: what the guest has not written is lost.'],
      confirm: 'End it',
    }),
    stop(true),
  ),
  'vm.restart': ask(
    'vm.restart',
    (vms) => ({ title: `Restart ${nameAll(vms)}?`, lines: ['The guest is asked to power down, and started again.'], confirm: 'Restart' }),
    restart,
  ),
  'vm.delete': ask(
    'vm.delete',
    (vms) => ({
      title: `Delete ${nameAll(vms)}?`,
      lines: [vms.length === 1 ? 'Its disk and its snapshots go with it, for good.' : 'Their disks and snapshots go with them, for good.'],
      confirm: 'Delete',
      typed: { expected: vms.length === 1 ? nameOf(vms[0]!) : `delete ${vms.length}`, field: emptyField },
    }),
    remove,
  ),
  'vms.sort': ({ change }: Context) =>
    change((state) =>
      changeView(state, 'vms', (view) => {
        const by = sortColumns[(sortColumns.indexOf(view.sort.by) + 1) % sortColumns.length]!
        return { ...view, sort: { by, descending: mostFirst.has(by) } }
      }),
    ),
  'vms.reverse': ({ change }: Context) =>
    change((state) => changeView(state, 'vms', (view) => ({ ...view, sort: { ...view.sort, descending: !view.sort.descending } }))),
}
