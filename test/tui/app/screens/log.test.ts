import t from 'tap'
import { startLog, type LogText } from '../../../../tui/app/model/log-text.ts'
import type { State } from '../../../../tui/app/model/state.ts'
import type { LogView } from '../../../../tui/app/model/views.ts'
import { withVms } from '../../../../tui/app/model/world.ts'
import { openLog } from '../../../../tui/app/screens/log/view.ts'
import { firstView } from '../../../../tui/app/screens/vms/first-view.ts'
import { makeVm } from '../../../inputs/vms.ts'
import { holdState } from '../hold-state.ts'
import { press } from '../press.ts'
import { matchPicture, matchPictures } from '../picture.ts'
import { drawFrame, makeState, makeWorld } from '../screen.tsx'

const vm = makeVm(1, { name: 'web' as never, firstBoot: { via: 'nocloud', state: 'done' } })

const boot = Array.from({ length: 300 }, (_unused, index) =>
  index % 9 === 0
    ? `\u001b[0;32m[  OK  ]\u001b[0m Started unit-${index}.service - a unit whose description is long enough that it takes two rows of a small terminal, and one of a large one.\r\n`
    : `[${(index / 10).toFixed(6).padStart(12)}] virtio_net virtio0 eth0: message ${index}\r\n`,
).join('')

const logOf = (text: string, more: Partial<LogText> = {}): LogText => ({ ...startLog({ vm: vm.id, source: 'console' }, { text, offset: 0, nextOffset: text.length }), ...more })
const stateOf = (log: LogText | undefined, view: Partial<LogView> = {}): State =>
  makeState({ world: { ...withVms(makeWorld(), [vm]), ...(log && { log }) }, stack: [firstView, { ...openLog(vm), ...view }] })
const viewOf = (state: State): LogView => state.stack.at(-1) as LogView

t.test('the end of what the console has printed', async (t) => {
  await matchPictures(t, 'log', stateOf(logOf(boot)))
})

t.test('searched, standing still', async (t) => {
  const held = holdState(stateOf(logOf(boot), { source: 'console' }))
  await matchPictures(t, 'log-search', press(held, '/', ...'message 17', 'enter', 'N'))
})

t.test('small, cut, and read on in vain', async (t) => {
  const state = { ...stateOf(logOf(boot, { error: 'no such file' }), { wrap: false }), size: { columns: 60, rows: 15 } }
  matchPicture(t, 'log-60x15', `${await drawFrame(state, { env: { LANG: 'C' } })}\n`)
})

t.test('before anything has come, and where nothing was printed', async (t) => {
  t.match(await drawFrame(stateOf(undefined)), 'The daemon is asked for it')
  t.match(await drawFrame(stateOf(logOf(''))), 'Nothing was printed yet')
})

t.test('it follows until one goes up, and again from its end on', (t) => {
  const held = holdState(stateOf(logOf(boot)))
  t.equal(viewOf(press(held, 'k')).follow, false)
  t.equal(viewOf(press(held, 'f')).follow, true)
  const { follow, at } = viewOf(press(held, 'f'))
  t.equal(follow, false, 'f stops it where it is')
  t.same(at, { line: 283, row: 0 })
  t.same(viewOf(press(held, 'g')).at, { line: -Infinity, row: 0 })
  t.same(viewOf(press(held, 'j')).at, { line: 0, row: 1 }, 'the first line takes two rows')
  t.equal(viewOf(press(held, 'G')).follow, true)
  const short = holdState(stateOf(logOf('one\n')))
  t.equal(viewOf(press(short, 'k')).follow, true, 'where all is in sight there is no way up')
  t.end()
})

t.test('n and N go from line to line, and say where there is none', (t) => {
  const held = holdState(stateOf(logOf('hit\n-\nhit\n'.repeat(40))))
  t.match(press(held, 'n').notice?.text, 'search with / first')
  t.equal(viewOf(press(held, '/', 'h', 'i', 'enter')).match, 101, 'the first one in sight')
  t.equal(viewOf(held.get()).follow, true, 'which needs no moving')
  t.equal(viewOf(press(held, 'N')).match, 99)
  t.equal(viewOf(held.get()).follow, false)
  t.equal(viewOf(press(held, 'n', 'n')).match, 102)
  press(held, 'G')
  for (let i = 0; i < 40; i++) press(held, 'n')
  t.match(press(held, 'n').notice?.text, 'no line below with "hi"')
  t.equal(viewOf(press(held, 'esc')).search, '', 'esc takes the search away first')
  t.equal(press(held, 'esc').stack.length, 1)
  t.end()
})

t.test('esc while typing brings back what was searched before', (t) => {
  const held = holdState(stateOf(logOf(boot)))
  press(held, '/', 'm', 'enter')
  t.equal(viewOf(press(held, '/', 'x')).search, 'mx')
  t.equal(viewOf(press(held, 'esc')).search, 'm')
  t.end()
})

t.test('tab goes through the logs, that of a first boot only where it runs something', (t) => {
  const held = holdState(stateOf(logOf(boot)))
  t.equal(viewOf(press(held, 'tab')).source, 'qemu')
  t.equal(viewOf(press(held, 'tab')).source, 'init')
  t.equal(viewOf(press(held, 'tab')).source, 'console')
  const { firstBoot: _none, ...plain } = vm
  const other = holdState({ ...stateOf(undefined), world: withVms(makeWorld(), [plain]) })
  t.equal(viewOf(press(other, 'tab', 'tab')).source, 'console')
  t.equal(openLog({ ...vm, firstBoot: { via: 'nocloud', state: 'failed', exitCode: 1 } }).source, 'init')
  t.end()
})
