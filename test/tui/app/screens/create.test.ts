import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { RpcError } from '../../../../tui/connection-error.ts'
import { emptyForm, withError } from '../../../../tui/app/form/form.ts'
import { pasteText } from '../../../../tui/app/keys/route.ts'
import { currentView, type State } from '../../../../tui/app/model/state.ts'
import type { CreateView } from '../../../../tui/app/model/views.ts'
import { withNews, withVms } from '../../../../tui/app/model/world.ts'
import { createFields } from '../../../../tui/app/screens/create/fields.ts'
import { firstView } from '../../../../tui/app/screens/vms/first-view.ts'
import { makeTestDirectory } from '../../../fakes/daemon.ts'
import { makeImage } from '../../../inputs/images.ts'
import { makeNetwork, makeVpn } from '../../../inputs/networks.ts'
import { makeVm, makeVms } from '../../../inputs/vms.ts'
import { holdState, type Held } from '../hold-state.ts'
import { matchPicture, matchPictures } from '../picture.ts'
import { press, until } from '../press.ts'
import { drawFrame, makeState, makeWorld } from '../screen.tsx'

const world = withVms(
  makeWorld({
    images: { items: [makeImage('broken', { problem: 'Its file is damaged' }), makeImage('debian-12'), makeImage('tiny', { virtualSizeMiB: 69 })] },
    networks: { items: [makeNetwork('lan')] },
    vpns: { items: [makeVpn('blue')] },
  }),
  makeVms(2),
)
const empty: CreateView = { screen: 'create', form: emptyForm }
const filled: CreateView = {
  screen: 'create',
  form: {
    ...emptyForm,
    texts: { name: { text: 'web', at: 3 }, 'networks.0.forwards': { text: '8080:80', at: 7 }, sshKeys: { text: '~/.ssh/id_ed25519.pub', at: 21 } },
    picks: { image: 'tiny', 'networks.1.kind': 'network:lan', 'networks.2.kind': 'bridge' },
    isTouched: true,
  },
}
const shown = (view: CreateView): State => makeState({ world, stack: [firstView, view] })
const at = (focus: string, more: object = {}): State => shown({ ...filled, form: { ...filled.form, focus, ...more } })

const plan = {
  commands: [
    { purpose: "make the disk, an overlay on the image's file", argv: ['qemu-img', 'create', '-q', '-f', 'qcow2', '-b', '/i/debian-12.qcow2', '-F', 'qcow2', '/d/abcdefgh.qcow2'] },
    { purpose: 'run the guest', argv: ['/usr/bin/qemu-system-x86_64', '-name', 'guest=web', '-nodefaults', '-display', 'none', '-m', 'size=1024M', '-smp', 'cpus=1', '-device', 'virtio-net-pci,netdev=nic0,mac=52:54:00:12:34:56'] },
  ],
  files: ['/c/vm/abcdefgh/vm.json', '/d/abcdefgh.qcow2'],
  networks: ["user: QEMU's own NAT for 52:54:00:12:34:56; nothing changes on the host"],
}
const refuse = (name: string, message: string, field?: string, hint?: string) => () => {
  throw new RpcError({ code: 1, message, data: { name: name as never, ...(field !== undefined && { field }), ...(hint !== undefined && { hint }) } })
}

t.test('a form as it begins', async (t) => {
  await matchPictures(t, 'create', shown(empty))
  matchPicture(t, 'create-60x15', `${await drawFrame({ ...shown(empty), size: { columns: 60, rows: 15 } })}\n`)
})

t.test('with what was given, and the list of a choice open', async (t) => {
  await matchPictures(t, 'create-choices', at('networks.1.kind', { open: 2 }))
  matchPicture(t, 'create-choices-60x15', `${await drawFrame({ ...at('networks.1.kind', { open: 2 }), size: { columns: 60, rows: 15 } })}\n`)
})

t.test('what the daemon does not take, at its field', async (t) => {
  const error = { field: 'networks.0.forwards.0', message: 'networks.0.forwards.0: an octet over 255, or a port outside 1-65535 ([tcp:|udp:][HOST_ADDRESS:]HOST_PORT:GUEST_PORT; such as 2222:22)' }
  await matchPictures(t, 'create-error', shown({ ...filled, form: withError(createFields(filled, shown(filled)), filled.form, error) }))
})

t.test('no image to make a VM of', async (t) => {
  await matchPictures(t, 'create-no-images', { ...shown(empty), world: { ...world, images: { items: [] } } })
  const context = holdState({ ...shown(empty), world: { ...world, images: { items: [makeImage('broken', { problem: 'damaged' })] } } })
  t.match(await drawFrame(context.get()), 'none of those that are here can be used')
  press(context, 'enter')
  t.equal(currentView(context.get()).screen, 'images')
})

t.test('what would be done, before it is', async (t) => {
  const view = { screen: 'plan', params: { image: 'debian-12', name: 'web', vcpus: 1, memoryMiB: 1024 }, plan, slots: [0], top: 0 } as const
  await matchPictures(t, 'create-plan', makeState({ world, stack: [firstView, filled, view] }))
})

/** From `c` on. */
function begin(answers: Readonly<Record<string, unknown>> = {}, state: State = makeState({ world })): Held {
  const context = holdState(state, { 'vm.plan': plan, ...answers })
  press(context, 'c')
  return context
}

async function goOn(context: Held): Promise<void> {
  press(context, 'ctrl-s')
  await until(() => currentView(context.get()).screen === 'plan')
}

t.test('enter all the way makes a VM, and the cursor comes to it', async (t) => {
  const made = makeVm(77)
  const context = begin({ 'vm.create': made })
  for (let presses = 0; currentView(context.get()).screen === 'create' && presses < 30; presses++) {
    press(context, 'enter')
    await new Promise(setImmediate)
  }
  t.equal(currentView(context.get()).screen, 'plan')
  t.notOk(context.asked.some(({ method }) => method === 'vm.create'), 'nothing is done yet')
  press(context, 'enter')
  t.equal(currentView(context.get()).screen, 'vms')
  await until(() => context.get().notice !== undefined)
  const params = { image: 'debian-12', vcpus: 1, memoryMiB: 1024, networks: [{ kind: 'user', forwards: [] }], autostart: false }
  t.same(JSON.parse(JSON.stringify(context.asked.slice(-2))), [{ method: 'vm.plan', params }, { method: 'vm.create', params }])
  context.change((state) => ({ ...state, world: withNews(state.world, [made]) }))
  t.match(currentView(context.get()), { list: { cursor: made.id } })
  t.match(context.get().notice, { kind: 'done', text: 'vm-0077 is stopped' })
})

t.test('all that is given is asked for', async (t) => {
  const home = await makeTestDirectory(t)
  await mkdir(join(home, '.ssh'))
  await writeFile(join(home, '.ssh/keys.pub'), '# mine\nssh-ed25519 AAAA ann\n\nssh-ed25519 BBBB bob\n')
  await writeFile(join(home, 'init.sh'), '#!/bin/sh\n')
  const context = { ...begin(), place: { cwd: () => home, home, readFile: () => Buffer.alloc(0) } }
  press(context, 'web', 'tab', 'right', 'tab', '4', 'tab', '2G', 'tab', '20G')
  press(context, 'tab', 'tab', '8080:80, 2222:22', 'tab', 'l', 'tab', '10.7.0.2', 'tab', 'b', 'tab', 'tab', 'new', 'tab', 'flow')
  press(context, 'pagedown', 'up', 'up', 'y', 'down')
  pasteText('~/.ssh/k', context)
  press(context, 'tab')
  await until(() => JSON.stringify(currentView(context.get())).includes('keys.pub'))
  press(context, 'down', 'init.sh')
  await goOn(context)
  t.same(context.asked.at(-1), {
    method: 'vm.plan',
    params: {
      image: 'tiny',
      name: 'web',
      vcpus: 4,
      memoryMiB: 2048,
      diskMiB: 20_480,
      networks: [
        { kind: 'user', forwards: ['8080:80', '2222:22'] },
        { kind: 'network', name: 'lan', addresses: ['10.7.0.2'] },
        { kind: 'vpn', name: 'blue', addresses: [] },
        { kind: 'vpn', name: 'flow', addresses: [] },
      ],
      autostart: true,
      sshKeys: ['ssh-ed25519 AAAA ann', 'ssh-ed25519 BBBB bob'],
      initScript: '#!/bin/sh\n',
    },
  })
})

t.test('what the daemon refuses is at its field, before anything is done; what was given stays', async (t) => {
  const context = begin({ 'vm.plan': refuse('INVALID_PARAMS', 'vm.plan: name does not have the form expected', 'name', 'vm.plan takes [image], [name]') })
  press(context, 'Web', 'down', 'ctrl-s')
  await until(() => formOf(context).error !== undefined)
  t.same(formOf(context).error, { field: 'name', message: 'name does not have the form expected' })
  t.equal(formOf(context).focus, 'name')
  press(context, 'backspace')
  t.equal(formOf(context).error, undefined)
  t.equal(formOf(context).texts['name']?.text, 'We')
})

t.test('a network that is refused is shown where it was chosen, though the form has a free place before it', async (t) => {
  const context = begin({ 'vm.plan': refuse('INVALID_PARAMS', 'vm.plan: networks.0.bridge is none', 'networks.0.bridge') })
  press(context, 'pagedown', 'up', 'up', 'up', 'b', 'b', 'up', 'up', 'left', 'ctrl-s')
  t.match(formOf(context).picks, { 'networks.0.kind': 'none', 'networks.1.kind': 'bridge' })
  await until(() => formOf(context).error !== undefined)
  t.match(context.asked.at(-1), { params: { networks: [{ kind: 'bridge', bridge: '' }] } })
  t.equal(formOf(context).error?.field, 'networks.1.bridge')
})

t.test('a file that cannot be read is said at its field, and the daemon is not asked', async (t) => {
  const context = begin()
  press(context, 'pagedown', '~/none', 'ctrl-s')
  await until(() => formOf(context).error !== undefined)
  t.same(formOf(context).error, { field: 'initScript', message: '~/none cannot be read: ENOENT' })
  t.equal(context.asked.filter(({ method }) => method === 'vm.plan').length, 0)
})

t.test('an answer is nobody\'s once the form is another', async (t) => {
  let answer: (plan: unknown) => void = () => {}
  const context = begin({ 'vm.plan': () => new Promise((resolve) => (answer = resolve)) })
  press(context, 'ctrl-s')
  await until(() => context.asked.some(({ method }) => method === 'vm.plan'))
  t.match(await drawFrame(context.get()), 'Asking the daemon')
  press(context, 'x')
  answer(plan)
  await new Promise(setImmediate)
  t.equal(currentView(context.get()).screen, 'create')
  t.notMatch(await drawFrame(context.get()), 'Asking the daemon')
})

t.test('where making it fails, the form comes back with all that was given', async (t) => {
  const context = begin({ 'vm.create': refuse('VM_NAME_TAKEN', 'A VM with the name "web" is there already', 'name', 'Choose another') })
  press(context, 'web')
  await goOn(context)
  press(context, 'enter')
  await until(() => currentView(context.get()).screen === 'create')
  t.match(formOf(context), { texts: { name: { text: 'web' } }, error: { field: 'name', hint: 'Choose another' } })
  t.equal(context.get().notice, undefined, 'it is said once')
})

t.test('whoever is elsewhere by then is left there; c brings the form back', async (t) => {
  let fail: (error: Error) => void = () => {}
  const context = begin({ 'vm.create': () => new Promise((_resolve, reject) => (fail = reject)) })
  press(context, 'web')
  await goOn(context)
  press(context, 'enter', '4')
  fail(new RpcError({ code: 1, message: 'QEMU did not come up', data: { name: 'VM_START_FAILED' } }))
  await until(() => context.get().notice !== undefined)
  t.equal(currentView(context.get()).screen, 'events')
  press(context, '1', 'c')
  t.match(formOf(context), { texts: { name: { text: 'web' } }, error: { message: 'QEMU did not come up' } })
  press(context, 'esc', 'tab', 'enter', 'c')
  t.same(formOf(context).texts, {}, 'once')
})

t.test('esc leaves at once where nothing was given, and asks else', (t) => {
  const context = begin()
  press(context, 'down', 'esc')
  t.equal(currentView(context.get()).screen, 'vms')
  press(context, 'c', 'web', 'esc')
  t.match(context.get().dialog, { title: 'Leave this form?', focus: 'cancel' })
  press(context, 'enter')
  t.equal(formOf(context).texts['name']?.text, 'web')
  press(context, 'esc', 'tab', 'enter')
  t.equal(currentView(context.get()).screen, 'vms')
  t.end()
})

t.test('letters that are keys elsewhere are typed; what leads elsewhere does not, where something would be lost', async (t) => {
  const context = begin()
  press(context, 'q:1/?d')
  t.equal(formOf(context).texts['name']?.text, 'q:1/?d')
  press(context, 'down', '1', 'q')
  t.equal(currentView(context.get()).screen, 'create')
  await goOn(context)
  press(context, '1', ':')
  t.equal(currentView(context.get()).screen, 'plan')
  t.equal(context.get().prompt, undefined)
  press(context, 'esc')
  t.equal(formOf(context).texts['name']?.text, 'q:1/?d')
})

t.test('a number that is proposed gives way to the one typed, and can be changed', (t) => {
  const context = begin()
  press(context, 'down', 'down', '4')
  t.equal(formOf(context).texts['vcpus']?.text, '4')
  press(context, '2', 'down', 'home', '1')
  t.equal(formOf(context).texts['vcpus']?.text, '42')
  t.equal(formOf(context).texts['memoryMiB']?.text, '11 GiB')
  t.end()
})

t.test('a choice that is taken from its list leads to the field that follows from it', (t) => {
  const context = begin()
  press(context, 'down', 'space', 'down', 'enter')
  t.match(formOf(context), { picks: { image: 'tiny' }, focus: 'vcpus' })
  press(context, 'down', 'down', 'down', 'space', 'end', 'up', 'enter')
  t.match(formOf(context), { picks: { 'networks.0.kind': 'vpn' }, focus: 'networks.0.name' })
  press(context, 'up', 'space', 'esc')
  t.equal(formOf(context).open, undefined)
  t.equal(formOf(context).picks['networks.0.kind'], 'vpn')
  t.end()
})

t.test('a line that is pasted is typed, without its end; into a choice nothing is pasted', (t) => {
  const context = begin()
  pasteText('web\n', context)
  press(context, 'down')
  pasteText('tiny', context)
  t.equal(formOf(context).texts['name']?.text, 'web')
  t.same(formOf(context).picks, {})
  t.end()
})

function formOf(context: Held): CreateView['form'] {
  return (currentView(context.get()) as CreateView).form
}
