/** What is around the screens, and over them. */
import t from 'tap'
import { actions } from '../../../tui/app/actions/all.ts'
import { pressKey } from '../../../tui/app/keys/route.ts'
import { withStats, withVms } from '../../../tui/app/model/world.ts'
import { firstView } from '../../../tui/app/screens/vms/first-view.ts'
import { makeVms, SOME_TIME } from '../../inputs/vms.ts'
import { holdState } from './hold-state.ts'
import { matchPictures } from './picture.ts'
import { drawFrame, makeState, makeWorld, paintFrame } from './screen.tsx'

const vms = makeVms(5)
const up = withStats(withVms(makeWorld(), vms), SOME_TIME, [{ vm: vms[0]!.id, cpuSeconds: 1, cpuPercent: 12, memoryBytes: 3e8 }])
const observing = { ...up, link: { ...up.link, socket: '/run/aetherscale/observe.sock', ...('info' in up.link && { info: { ...up.link.info, access: 'observe' as const } }) } } as typeof up

t.test('the keys of a screen, as the table has them', async (t) => {
  await matchPictures(t, 'help', makeState({ world: up, help: 0 }))
})

t.test('deleting asks for the name, with Cancel focused', async (t) => {
  const context = holdState(makeState({ world: up }))
  actions['vm.delete'](context)
  await matchPictures(t, 'delete', context.get())
  t.match(await paintFrame(context.get()), /\u001b\[7m\[ Cancel \]/)
})

t.test('a question is whole, or begins with what is asked and ends with the answers, however little room there is', async (t) => {
  const hostile = 'a\u001b[31m\u202eb\nc'
  const world = withVms(makeWorld(), [...vms, { ...vms[0]!, id: 'zzzzzzzz' as never, name: hostile as never }])
  const list = { ...firstView.list, marks: new Set([...vms.map(({ id }) => id), 'zzzzzzzz']) }
  for (const size of [{ columns: 80, rows: 24 }, { columns: 60, rows: 8 }, { columns: 20, rows: 8 }, { columns: 20, rows: 6 }, { columns: 20, rows: 5 }, { columns: 3, rows: 5 }]) {
    for (const marked of [list, firstView.list]) {
      const context = holdState(makeState({ world, size, stack: [{ ...firstView, list: marked }] }))
      actions['vm.delete'](context)
      const frame = (await drawFrame(context.get())).split('\n')
      t.equal(frame.length, size.rows, `${size.columns}x${size.rows}`)
      t.match(frame.slice(2).join('\n'), /^\W*D/, 'the question is the first that is there')
      if (size.columns === 20 && size.rows === 8) t.match(frame[size.rows - 3], /^\[ Cancel \]/)
    }
  }
  const one = holdState(makeState({ world: withVms(makeWorld(), [{ ...vms[0]!, name: hostile as never }]) }))
  actions['vm.delete'](one)
  const painted = await paintFrame(one.get())
  t.match(painted, 'Delete a\\x1b[31m\\u202eb\\x0ac?', 'a name is text')
  t.match(painted, /Type .*a\\x1b\[31m/)
})

t.test('enter by habit deletes nothing; the right name and enter do; one that is pasted too', (t) => {
  for (const [keys, asked] of [[[], 0], [['v', 'm'], 0], [[...'vm-0000'], 1]] as const) {
    const context = holdState(makeState({ world: up }))
    pressKey({ name: 'd' }, context)
    for (const name of keys) pressKey({ name, text: name }, context)
    pressKey({ name: 'enter' }, context)
    t.equal(context.asked.length, asked, keys.join(''))
    t.equal(context.get().dialog === undefined, true)
  }
  t.end()
})

t.test('a filter that is being typed', async (t) => {
  const context = holdState(makeState({ world: up }))
  for (const name of ['/', ...'deb']) pressKey({ name, text: name }, context)
  await matchPictures(t, 'filter', context.get())
  pressKey({ name: 'esc' }, context)
  t.match(await drawFrame(context.get()), 'tiny')
})

t.test('an error is there in full, with what to do, until the next key', async (t) => {
  const notice = {
    kind: 'error' as const,
    text: 'start vm-0001: QEMU could not be started: the port 8080 of 127.0.0.1 is in use by another program',
    hint: 'See which one with: ss -tlnp sport = :8080',
  }
  const context = holdState(makeState({ world: up, notice }))
  await matchPictures(t, 'error', context.get())
  pressKey({ name: 'j' }, context)
  t.notMatch(await drawFrame(context.get()), 'QEMU could not be started')
})

t.test('the daemon is gone', async (t) => {
  const link = { state: 'down' as const, message: 'the daemon closed the connection', since: SOME_TIME - 12_000 }
  await matchPictures(t, 'gone', makeState({ world: { ...up, link } }))
})

t.test('not permitted: what to do', async (t) => {
  const message = 'not permitted: /run/aetherscale/control.sock belongs to the group aetherscale, which alice is not in'
  const link = { state: 'down' as const, message, hint: 'sudo usermod -aG aetherscale alice, and a new login', since: SOME_TIME }
  await matchPictures(t, 'denied', makeState({ world: { ...up, link } }))
})

t.test('a connection that only observes: actions are grey, and say why', async (t) => {
  await matchPictures(t, 'read-only', makeState({ world: observing }))
  t.match(await paintFrame(makeState({ world: observing })), /\u001b\[2ms start/)
  for (const name of ['s', 'x', 'X', 'r', 'd']) {
    const context = holdState(makeState({ world: observing, stack: [firstView] }))
    pressKey({ name }, context)
    t.match(context.get().notice, { kind: 'error', text: /read-only by observe.sock/ }, name)
    t.equal(context.get().dialog, undefined)
    t.strictSame(context.asked, [])
  }
})

t.test('a small terminal has what is needed most', async (t) => {
  const frame = await drawFrame(makeState({ world: up, size: { columns: 60, rows: 15 } }))
  for (const line of frame.split('\n')) t.ok(line.length <= 60)
  t.match(frame, /vm-0000.*running/)
  t.match(frame, /\? help/)
  t.ok((await drawFrame(makeState({ world: up, size: { columns: 20, rows: 5 } }))).split('\n').length <= 5, 'and a tiny one does not break')
})

t.test('what cannot be drawn, as what a daemon of another version tells, costs its screen alone', async (t) => {
  const broken = { ...vms[0]!, addresses: undefined as never }
  const frame = await drawFrame(makeState({ world: withVms(makeWorld(), [broken]) }))
  t.match(frame, /^ aetherscale +host-a[^]*This screen cannot be drawn: TypeError[^]*it is 0\.1\.0, the\s+daemon is 0\.1\.0[^]*\? help/)
})
