import t from 'tap'
import type { Vm } from '../../../../policy/api/vm.ts'
import type { State } from '../../../../tui/app/model/state.ts'
import { withVms } from '../../../../tui/app/model/world.ts'
import { firstView } from '../../../../tui/app/screens/vms/first-view.ts'
import { makeVm } from '../../../inputs/vms.ts'
import { holdState } from '../hold-state.ts'
import { press } from '../press.ts'
import { makeState, makeWorld, paintFrame } from '../screen.tsx'

/** Presses keys, and answers what the daemon was asked and what the terminal was lent for. */
function pressIn(initial: State, ...keys: string[]): { readonly asked: readonly unknown[]; readonly state: State } {
  const context = holdState(initial)
  const state = press(context, ...keys)
  return { state, asked: [...context.asked.map(({ method, params }) => [method, params]), ...context.ran.map(({ argv }) => argv)] }
}

const running = makeVm(1, { name: 'web' as never })
const stopped = makeVm(2, { name: 'mail' as never })
const list = (vms: readonly Vm[], more: Partial<typeof firstView.list> = {}): State =>
  makeState({ world: withVms(makeWorld(), vms), stack: [{ ...firstView, list: { ...firstView.list, ...more } }] })
const shown = (vm: Vm): State => makeState({ world: withVms(makeWorld(), [vm]), stack: [firstView, { screen: 'vm', vm: vm.id, tab: 'facts', scroll: { top: 0 } }] })

t.test('the keys of VMs are for the one that is shown', (t) => {
  t.same(pressIn(shown(stopped), 's').asked, [['vm.start', { vm: stopped.id }]])
  t.same(pressIn(shown(running), 'x', 'tab', 'enter').asked, [['vm.stop', { vm: running.id, force: false }]])
  t.same(pressIn(shown(running), 'X', 'y').asked, [['vm.stop', { vm: running.id, force: true }]])
  t.same(pressIn(shown(running), 'p').asked, [['vm.suspend', { vm: running.id }]])
  t.same(pressIn(shown({ ...running, state: 'paused' }), 'p').asked, [['vm.resume', { vm: running.id }]])
  t.same(pressIn(shown(running), 't').asked, [['vm', 'console', running.id]])
  t.same(pressIn(shown(running), 'd', ...'web', 'enter').asked, [['vm.delete', { vm: running.id }]])
  t.end()
})

t.test('what makes no sense for the VM is not asked, and said', (t) => {
  const refused = (vm: Vm, key: string) => {
    const { asked, state } = pressIn(shown(vm), key)
    return [asked.length, state.dialog, state.notice?.text]
  }
  t.same(refused(running, 's'), [0, undefined, 'start: web is running already'])
  t.same(refused(stopped, 'x'), [0, undefined, 'stop: mail is stopped already'])
  t.same(refused(stopped, 'X'), [0, undefined, 'force: mail is stopped already'])
  t.same(refused(stopped, 'r'), [0, undefined, 'restart: mail is stopped: start it'])
  t.same(refused(stopped, 'p'), [0, undefined, 'pause: mail is stopped: only what runs can be held'])
  t.same(refused(stopped, 't'), [0, undefined, 'console: mail is stopped: its console is there while it runs'])
  t.same(refused({ ...stopped, state: 'creating' }, 'd'), [0, undefined, 'delete: mail is being made'])
  t.same(pressIn(list([]), 'enter').state.notice?.text, 'open: there is no VM here')
  t.end()
})

t.test('of the marked ones it is done to those that it makes sense for', (t) => {
  const state = list([running, stopped], { marks: new Set([running.id, stopped.id]) })
  t.same(pressIn(state, 's').asked, [['vm.start', { vm: stopped.id }]])
  t.equal(pressIn(state, 'x').state.dialog?.title, 'Stop web?')
  const both = list([stopped, { ...stopped, id: 'zzzzzzzz' as never }], { marks: new Set([stopped.id, 'zzzzzzzz']) })
  t.equal(pressIn(both, 'x').state.notice?.text, 'stop: none of the 2 VMs is fit for it: mail is stopped already')
  t.end()
})

t.test('enter shows the one under the cursor, whatever is marked', (t) => {
  const { state } = pressIn(list([running, stopped], { cursor: stopped.id, marks: new Set([running.id]) }), 'enter', 'tab')
  t.same(state.stack.at(-1), { screen: 'vm', vm: stopped.id, tab: 'plan', scroll: { top: 0 } })
  t.end()
})

t.test('the footer greys what makes no sense, and all that changes something where one only looks on', async (t) => {
  const dim = (text: string): string => `\u001b[2m${text}\u001b[22m`
  const frame = await paintFrame(shown(stopped))
  t.match(frame, dim('x stop'))
  t.notMatch(frame, dim('s start'))
  const state = shown(stopped)
  const { link } = state.world
  const observing = { ...state, world: { ...state.world, link: { ...link, info: { ...(link.state === 'up' && link.info), access: 'observe' } } as typeof link } }
  t.match(await paintFrame(observing), dim('s start'))
  t.match(pressIn(observing, 's').state.notice?.text, /^start: read-only by control.sock/)
})
