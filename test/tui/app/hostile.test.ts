/** What others wrote reaches the terminal as text, whichever way it comes: read aloud, Ink lets through what sets a title or a clipboard. */
import t from 'tap'
import type { Vm } from '../../../policy/api/vm.ts'
import { emptyField, fieldOf } from '../../../tui/app/model/text-field.ts'
import type { State } from '../../../tui/app/model/state.ts'
import { eventsView } from '../../../tui/app/screens/events/screen.ts'
import { imagesView } from '../../../tui/app/screens/images/first-view.ts'
import { networksView } from '../../../tui/app/screens/networks/screen.ts'
import { firstView } from '../../../tui/app/screens/vms/first-view.ts'
import { makeVm } from '../../inputs/vms.ts'
import { makeState, makeWorld, paintFrame } from './screen.tsx'

/** Sets the clipboard, moves the cursor, a control of one byte, and letters in the other order. */
const EVIL = 'a\u001b]52;c;ZXZpbA==\u0007b\u001b[2Jc\u009bd\u202ee'
const vm = makeVm(0, { name: EVIL as Vm['name'], problem: EVIL, image: EVIL as Vm['image'] })
const vms = new Map([[vm.id, vm]])
const world = makeWorld({ vms })
const { link } = world
const linked = { ...link, ...(link.state === 'up' && { info: { ...link.info, hostname: EVIL } }) } as typeof link
const open = { list: { ...firstView.list, filter: EVIL } }

const states: Readonly<Record<string, Partial<State>>> = {
  'a list': { world },
  'a filter without any match': { world, stack: [{ ...firstView, ...open }] },
  'a host': { world: { ...world, link: linked } },
  'a VM': { world, stack: [firstView, { screen: 'vm', vm: vm.id, tab: 'facts', scroll: { top: 0 } }] },
  'a plan that fails': { world: { ...world, plans: new Map([[vm.id, { error: EVIL }]]) }, stack: [firstView, { screen: 'vm', vm: vm.id, tab: 'plan', scroll: { top: 0 } }] },
  'a question': { world, dialog: { title: EVIL, lines: [EVIL], confirm: 'Do', focus: 'cancel', typed: { expected: EVIL, field: emptyField }, run: () => {} } },
  'a command, completed from the names of files': { world, prompt: { kind: 'command', field: fieldOf(EVIL), problem: EVIL } },
  'an offer': { world, prompt: { kind: 'command', field: emptyField, offer: { candidates: [{ value: EVIL, about: EVIL }], start: 0, before: emptyField } } },
  'a notice': { world, notice: { kind: 'error', text: EVIL, hint: EVIL } },
  'progress': { world: { ...world, operations: [{ id: 1, method: 'vm.start', label: EVIL, startedAt: 0, message: EVIL, fraction: 0.5 }] } },
  'networks that cannot be told': { world: { ...world, networks: { error: EVIL } }, stack: [networksView] },
  'images that cannot be told': { world: { ...world, images: { error: EVIL } }, stack: [imagesView] },
  'checks that cannot be told': { world: { ...world, checks: { error: EVIL } }, stack: [{ screen: 'doctor', top: 0 }] },
  'an event': { world: { ...world, events: [{ kind: 'vm.deleted', at: new Date(0).toISOString(), vm: vm.id, name: EVIL as never }] }, stack: [eventsView] },
  'a daemon that has gone': { world: { ...world, link: { state: 'down', message: EVIL, hint: EVIL, since: 0 } } },
}

for (const [what, more] of Object.entries(states)) {
  for (const screenReader of [false, true]) {
    t.test(`${what}${screenReader ? ', read aloud' : ''}: no control reaches the terminal but what sets the look`, async (t) => {
      const frame = await paintFrame(makeState(more), { screenReader })
      const rest = frame.replace(/\u001b\[[\d;]*m/g, '')
      t.notMatch(rest, /(?!\n)[\u0000-\u001f\u007f-\u009f\u202e]/)
    })
  }
}
