import { mkdir, mkdtemp, writeFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { pasteText, pressKey } from '../../../../tui/app/keys/route.ts'
import { currentView } from '../../../../tui/app/model/state.ts'
import { withVms } from '../../../../tui/app/model/world.ts'
import { makeNetwork } from '../../../inputs/networks.ts'
import { makeVm } from '../../../inputs/vms.ts'
import { holdState, type Held } from '../hold-state.ts'
import { matchPictures } from '../picture.ts'
import { makeState, makeWorld } from '../screen.tsx'

const vms = [makeVm(0, { name: 'web' as never }), makeVm(1, { name: 'worker' as never }), makeVm(2, { name: 'db' as never })]
const world = withVms(makeWorld({ networks: { items: [makeNetwork('lan')] } }), vms)

const named = new Set(['enter', 'esc', 'tab', 'shift-tab', 'up', 'down', 'left', 'backspace'])

/** `<tab>` is that key, anything else is typed letter by letter. */
async function type(context: Held, keys: string): Promise<void> {
  for (const [key] of keys.matchAll(/<[\w-]+>|[^]/gu)) {
    const name = key.slice(1, -1)
    pressKey(named.has(name) ? { name } : { name: key === ' ' ? 'space' : key, text: key }, context)
    // What files there are is looked up.
    await new Promise((resolve) => setImmediate(resolve))
  }
}

const lineOf = (context: Held): string | undefined => context.get().prompt?.field.text
const offered = (context: Held): string[] => {
  const { prompt } = context.get()
  return prompt?.kind === 'command' ? (prompt.offer?.candidates.map(({ value }) => value) ?? []) : []
}

t.test('tab completes as far as it is certain, and goes through the rest', async (t) => {
  const cases: readonly (readonly [keys: string, line: string, offer?: readonly string[]])[] = [
    ['do<tab>', 'doctor '],
    ['vm st<tab>', 'vm st', ['start', 'stop', 'stats']],
    ['vm sto<tab>', 'vm stop '],
    ['vm stop w<tab>', 'vm stop w', ['web', 'worker']],
    ['vm stop w<tab><tab>', 'vm stop web ', ['web', 'worker']],
    ['vm stop w<tab><tab><tab>', 'vm stop worker ', ['web', 'worker']],
    ['vm stop w<tab><tab><tab><tab>', 'vm stop web ', ['web', 'worker']],
    ['vm stop w<tab><shift-tab>', 'vm stop worker ', ['web', 'worker']],
    ['vm stop w<tab><tab>d<tab>', 'vm stop web db '],
    ['vm stop web w<tab>', 'vm stop web worker '],
    ['vm sta<tab>', 'vm sta', ['start', 'stats']],
    ['network delete <tab>', 'network delete lan '],
    ['vm wait web --for=ag<tab>', 'vm wait web --for=agent '],
    ['vm list --so<tab>', 'vm list --so'],
    ['x<tab>', 'x'],
    ['qui<tab>', 'quit '],
  ]
  for (const [keys, line, offer = []] of cases) {
    const context = holdState(makeState({ world }))
    await type(context, `:${keys}`)
    t.equal(lineOf(context), line, keys)
    t.same(offered(context), offer, keys)
  }
})

t.test('names of files are completed too', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'aetherscale-test-'))
  t.teardown(() => rm(directory, { recursive: true }))
  await Promise.all([writeFile(join(directory, 'one disk.qcow2'), ''), writeFile(join(directory, '.hidden'), ''), mkdir(join(directory, 'sub'))])
  const context = { ...holdState(makeState({ world })), place: { cwd: () => directory, home: directory, readFile: () => Buffer.of() } }
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await type(context, ':image import o<tab>')
  await until(() => lineOf(context) !== 'image import o')
  t.equal(lineOf(context), "image import 'one disk.qcow2' ")
  await type(context, '<esc>:image import ~/s<tab>')
  await until(() => lineOf(context) !== 'image import ~/s')
  t.equal(lineOf(context), `image import ${directory}/sub/`)
  await type(context, '<esc>:image import <tab>')
  await until(() => offered(context).length > 0)
  t.same(offered(context), ['one disk.qcow2', 'sub/'])
})

t.test('enter carries it out, and what came of it is said', async (t) => {
  const context = holdState(makeState({ world }), { 'vm.stop': { vm: { ...vms[0], state: 'stopped' }, endedBy: 'guest' } })
  await type(context, ':vm stop web<enter>')
  t.same(context.asked.at(-1), { method: 'vm.stop', params: { vm: 'web' } })
  t.match(context.get().notice, { kind: 'done', text: 'web (aaaaaaaa) is stopped; the guest powered down' })
  t.equal(lineOf(context), undefined)
})

t.test('a longer result is a screen of its own, from which esc comes back', async (t) => {
  const vm = makeVm(0, { problem: 'Its \u001b[2J disk is not there' })
  const context = holdState(makeState({ world }), { 'vm.get': vm })
  await type(context, ':vm get web --json<enter>')
  t.match(currentView(context.get()), { screen: 'output', title: 'vm get web --json' })
  t.equal(context.get().notice, undefined)
  t.notMatch((currentView(context.get()) as { lines: readonly string[] }).lines.join('\n'), /\u001b/)
  await type(context, '<esc>')
  t.equal(currentView(context.get()).screen, 'vms')
})

t.test('results of several are one screen, also where the cursor was moved meanwhile', async (t) => {
  const answers = Promise.withResolvers<void>()
  const context = holdState(makeState({ world }), { 'vm.start': async ({ vm }: { vm: string }) => (await answers.promise, { vm: makeVm(0, { id: vm as never }) }) })
  await type(context, ':vm start web2 mail2 --json<enter>j')
  answers.resolve()
  await new Promise((settled) => setImmediate(settled))
  const view = currentView(context.get())
  t.equal(view.screen, 'output')
  const text = (view as { lines: readonly string[] }).lines.join('\n')
  t.match(text, 'web2')
  t.match(text, 'mail2')
  t.equal(context.get().stack.length, 2)
})

t.test('whoever has gone elsewhere meanwhile is not fetched to the result', async (t) => {
  const { promise, resolve } = Promise.withResolvers()
  const context = holdState(makeState({ world }), { 'system.info': () => promise })
  await type(context, ':info<enter>4')
  resolve({ version: '1', hostname: 'a' })
  await new Promise((settled) => setImmediate(settled))
  t.equal(currentView(context.get()).screen, 'events')
  t.match(context.get().notice, { kind: 'done', text: 'info: done' })
})

t.test('what the daemon refuses is said', async (t) => {
  const refuse = (): never => {
    throw Object.assign(new Error('there is no VM "x"'), { hint: 'see: aetherscale vm list' })
  }
  const context = holdState(makeState({ world }), { 'vm.stop': refuse })
  await type(context, ':vm stop x<enter>')
  t.match(context.get().notice, { kind: 'error', text: 'vm stop x: there is no VM "x"', hint: 'see: aetherscale vm list' })
})

t.test('a line that is no command stays, with what is wrong above it', async (t) => {
  const context = holdState(makeState({ world }))
  await type(context, ':vm stopp web<enter>')
  t.match(context.get().prompt, { field: { text: 'vm stopp web' }, problem: 'there is no command "vm stopp"; did you mean vm stop?' })
  await type(context, '<left><left><left><left><backspace>')
  t.equal(lineOf(context), 'vm stop web')
  t.notOk((context.get().prompt as { problem?: string }).problem)
})

t.test('the terminal is lent to what needs it', async (t) => {
  const context = holdState(makeState({ world }))
  await type(context, ':vm console web<enter>')
  t.same(context.ran, [{ argv: ['vm', 'console', 'web'], waitForKey: false }])
})

t.test('up and down bring back what was typed before', async (t) => {
  const context = holdState(makeState({ world }))
  await type(context, ':vm start web<enter>:vm stop web<enter>:vm start web<enter>:dra<up>')
  t.equal(lineOf(context), 'vm start web')
  await type(context, '<up>')
  t.equal(lineOf(context), 'vm stop web', 'the same line is there once')
  await type(context, '<up>')
  t.equal(lineOf(context), 'vm stop web', 'the first stays')
  await type(context, '<down><down>')
  t.equal(lineOf(context), 'dra', 'what was being typed is not lost')
})

t.test('a line with a token is not kept', async (t) => {
  const context = holdState(makeState({ world }))
  await type(context, ':vpn accept -<enter>:vpn join secret<enter>:<up>')
  t.equal(lineOf(context), 'vpn accept -')
})

t.test('esc takes away the list first, then the line; backspace in an empty line leaves it too', async (t) => {
  const context = holdState(makeState({ world }))
  await type(context, ':vm st<tab><esc>')
  t.equal(lineOf(context), 'vm st')
  t.same(offered(context), [])
  await type(context, '<esc>')
  t.equal(lineOf(context), undefined)
  await type(context, ':<backspace>')
  t.equal(lineOf(context), undefined)
})

t.test('what is pasted is one line, and is not carried out', async (t) => {
  const context = holdState(makeState({ world }))
  await type(context, ':')
  pasteText('vm stop web\nvm stop db\n', context)
  t.equal(lineOf(context), 'vm stop web vm stop db ')
  t.notOk(context.asked.some(({ method }) => method === 'vm.stop'))
})

t.test('q leaves', async (t) => {
  const context = holdState(makeState({ world }))
  await type(context, ':q<enter>')
  t.ok(context.left())
})

t.test('c among the networks begins the command that makes one', async (t) => {
  const context = holdState(makeState({ world }))
  await type(context, '3c')
  t.equal(lineOf(context), 'network create ')
})

t.test('pictures: what may stand at the cursor, what is wrong, a result', async (t) => {
  const offering = holdState(makeState({ world }))
  await type(offering, ':vm <tab><tab><tab>')
  await matchPictures(t, 'command-offer', offering.get())
  const wrong = holdState(makeState({ world }))
  await type(wrong, ':vm create tiny --network brige,bridge=br0<enter>')
  await matchPictures(t, 'command-problem', wrong.get())
  const result = holdState(makeState({ world }), { 'system.info': { ...(world.link as { info: object }).info, accelerator: { kind: 'kvm', reason: 'a guest booted by it' } } })
  await type(result, ':info<enter>')
  await matchPictures(t, 'command-result', result.get())
})
