import t from 'tap'
import { RpcError } from '../../../../tui/connection-error.ts'
import { actions } from '../../../../tui/app/actions/all.ts'
import { emptyForm } from '../../../../tui/app/form/form.ts'
import { nameOfFile } from '../../../../tui/app/form/image-fields.ts'
import { currentView, type State } from '../../../../tui/app/model/state.ts'
import type { FormView } from '../../../../tui/app/model/views.ts'
import { withVms, type Operation } from '../../../../tui/app/model/world.ts'
import { imagesView } from '../../../../tui/app/screens/images/first-view.ts'
import { firstView } from '../../../../tui/app/screens/vms/first-view.ts'
import { makeImage } from '../../../inputs/images.ts'
import { makeVm, SOME_TIME } from '../../../inputs/vms.ts'
import { holdState, type Held } from '../hold-state.ts'
import { matchPicture, matchPictures } from '../picture.ts'
import { press, until } from '../press.ts'
import { drawFrame, makeState, makeWorld } from '../screen.tsx'

const web = makeVm(1, { name: 'web' as never })
const sha512 = '3f1c'.repeat(32)
const source = { url: 'https://cloud.debian.org/images/cloud/bookworm/latest/debian-12-genericcloud-amd64.qcow2', sha512, verified: true, pulledAt: new Date(SOME_TIME).toISOString() }
const world = withVms(
  makeWorld({
    images: {
      items: [
        makeImage('broken', { problem: 'Image "broken" names a backing file outside the image folder' }),
        makeImage('debian-12', { source, usedBy: [web.id] }),
        makeImage('old', { source: { ...source, verified: false }, firstBoot: { way: 'nocloud', toldBy: 'assumed' } }),
        makeImage('tiny', { virtualSizeMiB: 69, fileBytes: 27_000_000, firstBoot: { way: 'nocloud', toldBy: 'said' } }),
      ],
    },
    catalogue: {
      items: [
        { name: 'alpine-3.22', title: 'Alpine 3.22, NoCloud' },
        { name: 'debian-12', title: 'Debian 12 (bookworm), generic cloud' },
      ].map((entry) => ({ ...entry, url: 'https://example.org/', firstBoot: 'nocloud', from: 'built-in' })) as never,
    },
  }),
  [web],
)
const pulling: Operation = { id: 1, method: 'image.pull', label: 'pull fedora-43', subject: 'fedora-43', startedAt: SOME_TIME, message: 'downloading', fraction: 0.426 }
const building: Operation = { id: 2, method: 'image.build', label: 'build debian', subject: 'debian', startedAt: SOME_TIME, message: 'unpacking', fraction: 0.1 }
const importing: Operation = { id: 3, method: 'image.import', label: 'import mine', subject: 'mine', startedAt: SOME_TIME }
const busy = { ...world, operations: [pulling, building, importing] }

const state = (cursor?: string, shown = world): State =>
  makeState({ world: shown, stack: [firstView, { ...imagesView, list: { ...imagesView.list, ...(cursor !== undefined && { cursor }) } }] })

t.test('images, what there is to say of one, and what is on its way', async (t) => {
  await matchPictures(t, 'images', state('debian-12', busy))
  matchPicture(t, 'images-60x15', `${await drawFrame({ ...state('tiny', busy), size: { columns: 60, rows: 15 } })}\n`)
  t.match(await drawFrame(state('broken')), /names a backing file outside/)
  t.match(await drawFrame(state('old')), /Not verified/)
  t.match(await drawFrame(state('operation 1', busy)), /d gives it up/)
  t.match(await drawFrame(state('operation 2', busy)), /Ends when you leave/)
})

t.test('no image yet', async (t) => {
  await matchPictures(t, 'images-none', state(undefined, { ...world, images: { items: [] } }))
  t.match(await drawFrame(state(undefined, { ...world, images: { error: 'The image folder is not there' } })), /The image folder is not there/)
})

t.test('the forms of images', async (t) => {
  const shown = (view: FormView) => makeState({ world, stack: [firstView, imagesView, view] })
  await matchPictures(t, 'pull', shown({ screen: 'pull', form: { ...emptyForm, focus: 'source.from', open: 1 } }))
  const byUrl = { ...emptyForm, picks: { 'source.from': 'url:', check: 'unverified' }, texts: { 'source.url': { text: 'https://example.org/mine.qcow2.xz', at: 33 } }, focus: 'check' }
  await matchPictures(t, 'pull-url', shown({ screen: 'pull', form: byUrl }))
  await matchPictures(t, 'import', shown({ screen: 'import', form: { ...emptyForm, texts: { path: { text: '~/dis', at: 5 } }, candidates: ['disk-1.qcow2', 'disk-2.qcow2'] } }))
  await matchPictures(t, 'build', shown({ screen: 'build', form: { ...emptyForm, picks: { kind: 'debian' } } }))
})

/** What was asked for last, as it goes over the wire. */
const asked = (context: Held): unknown => JSON.parse(JSON.stringify(context.asked.at(-1)))

t.test('an image of the catalogue is pulled by its name', (t) => {
  const context = holdState(state())
  press(context, 'p', 'right', 'ctrl-s')
  t.same(asked(context), { method: 'image.pull', params: { source: 'debian-12', name: 'debian-12', unverified: false, limitMiB: 16_384, firstBoot: 'auto' } })
  t.equal(currentView(context.get()).screen, 'images')
  t.match(context.get().world.operations, [{ label: 'pull debian-12', subject: 'debian-12' }])
  t.end()
})

t.test('one by its URL, with what it is held against', (t) => {
  for (const [keys, params] of [
    [[], { unverified: false }],
    [['down', 'down', 'n'], { unverified: true }],
    [['down', 'down', 'right', 'down', 'ab12'], { unverified: false, sha256: 'ab12' }],
    [['down', 'down', 'right', 'right', 'down', 'cd34'], { unverified: false, sha512: 'cd34' }],
    [['down', 'down', 'l', 'down', 'https://b.example/SUMS'], { unverified: false, checksums: 'https://b.example/SUMS' }],
  ] as const) {
    const context = holdState(state())
    press(context, 'p', 'left', 'down', 'https://a.example/mine.qcow2.xz?x=1', ...keys, 'ctrl-s')
    t.same(asked(context), { method: 'image.pull', params: { source: 'https://a.example/mine.qcow2.xz?x=1', name: 'mine', limitMiB: 16_384, firstBoot: 'auto', ...params } })
  }
  t.end()
})

t.test('no pull begins before the catalogue is there', (t) => {
  const context = holdState(state(undefined, { ...world, catalogue: {} }))
  press(context, 'p', 'ctrl-s')
  t.equal(context.asked.length, 0)
  t.equal(currentView(context.get()).screen, 'pull')
  t.end()
})

t.test('a pull that is refused comes back with all that was typed, at the field that it is about', async (t) => {
  const refuse = (name: string, field: string) => () => {
    throw new RpcError({ code: 1, message: 'no', data: { name: name as never, field } })
  }
  for (const [name, field, shown] of [
    ['IMAGE_DIGEST_MISSING', 'source', 'check'],
    ['IMAGE_URL_REFUSED', 'source', 'source.url'],
    ['IMAGE_NAME_TAKEN', 'name', 'name'],
  ] as const) {
    const context = holdState(state(), { 'image.pull': refuse(name, field) })
    press(context, 'p', 'left', 'down', 'https://a.example/mine.img', 'ctrl-s')
    await until(() => currentView(context.get()).screen === 'pull')
    t.match(currentView(context.get()), { form: { texts: { 'source.url': { text: 'https://a.example/mine.img' } }, error: { field: shown, message: 'no' }, focus: shown } })
  }
})

t.test('a file of the host is imported by its absolute path', (t) => {
  const context = holdState(state())
  press(context, 'i', '~/disks/my-disk.qcow2', 'ctrl-s')
  t.same(asked(context), { method: 'image.import', params: { path: '/home/ann/disks/my-disk.qcow2', name: 'my-disk', firstBoot: 'auto' } })
  t.end()
})

t.test('an image is built', (t) => {
  const context = holdState(state())
  press(context, 'b', 'd', 'down', 'mine', 'down', 'trixie', 'enter')
  t.same(asked(context), { method: 'image.build', params: { kind: 'debian', name: 'mine', suite: 'trixie' } })
  t.end()
})

t.test('deleting asks; of an image that VMs stand on it is said which, and the key is grey', (t) => {
  const context = holdState(state('tiny'))
  press(context, 'd', 'enter')
  t.equal(context.asked.length, 0)
  press(context, 'd', 'tab', 'enter')
  t.same(asked(context), { method: 'image.delete', params: { image: 'tiny' } })

  const used = holdState(state('debian-12'))
  press(used, 'd')
  t.match(used.get(), { dialog: undefined, notice: { kind: 'error', text: 'delete: VMs stand on debian-12: web' } })
  t.end()
})

t.test('a pull can be given up, by its name; a build and an import cannot', (t) => {
  const context = holdState(state('operation 1', busy))
  press(context, 'd')
  t.match(context.get().dialog, { title: 'Give up the pull of fedora-43?' })
  press(context, 'y')
  t.same(asked(context), { method: 'image.delete', params: { image: 'fedora-43' } })
  for (const id of [2, 3]) {
    const other = holdState(state(`operation ${id}`, busy))
    press(other, 'd')
    t.match(other.get(), { dialog: undefined, notice: { kind: 'error', text: /by itself/ } })
  }
  t.end()
})

t.test('a pull that was given up leaves no form behind', async (t) => {
  let fail: (error: Error) => void = () => {}
  const context = holdState(state(), { 'image.pull': () => new Promise((_resolve, reject) => (fail = reject)) })
  press(context, 'p', 'ctrl-s')
  fail(new RpcError({ code: 1117, message: 'given up', data: { name: 'IMAGE_PULL_STOPPED' } }))
  await until(() => context.get().notice !== undefined)
  t.equal(currentView(context.get()).screen, 'images')
  t.notOk(context.get().drafts?.pull)
})

t.test('a VM is made of the image under the cursor', (t) => {
  const context = holdState(state('tiny'))
  press(context, 'c')
  t.match(currentView(context.get()), { screen: 'create', form: { picks: { image: 'tiny' }, isTouched: false } })
  press(context, 'esc')
  t.equal(currentView(context.get()).screen, 'images', 'nothing was typed')
  t.end()
})

t.test('a filter is for names, ways and sources', async (t) => {
  const context = holdState(state(undefined, busy))
  press(context, '/', 'bookworm')
  const frame = await drawFrame(context.get())
  t.match(frame, /debian-12 /)
  t.notMatch(frame, /tiny|fedora/)
})

t.test('the cursor scrolls within the rows above the details', async (t) => {
  const many = { ...world, images: { items: Array.from({ length: 30 }, (_unused, number) => makeImage(`image-${String(number).padStart(2, '0')}`)) } }
  const context = holdState(state(undefined, many))
  press(context, 'G', 'k', 'k')
  const lines = (await drawFrame(context.get())).split('\n')
  t.match(lines[17], /image-29/, 'the last row stays the last while the cursor goes up')
  t.equal(lines.length, 24)
})

t.test('names of files', (t) => {
  t.equal(nameOfFile('https://a.example/debian-12.qcow2.xz?x=/y.img'), 'debian-12')
  t.equal(nameOfFile('/tmp/disk'), 'disk')
  t.equal(nameOfFile('/tmp/ubuntu-24.04-server.img'), 'ubuntu-24.04-server')
  t.equal(nameOfFile('/tmp/.hidden'), '.hidden')
  t.equal(nameOfFile('https://a.example/'), undefined)
  t.end()
})

t.test('whoever leaves while an image is built is asked: that would end; a pull goes on, and nobody is', (t) => {
  const context = holdState(state(undefined, busy))
  press(context, 'q', 'q')
  t.match(context.get().dialog, { lines: [/"build debian" ends with this program/], focus: 'cancel' })
  press(context, 'enter')
  t.equal(context.left(), false)
  actions.quit(context)
  press(context, 'ctrl-c')
  t.equal(context.left(), true, 'ctrl-c a second time is meant')

  const pulls = holdState(state(undefined, { ...world, operations: [pulling, importing] }))
  press(pulls, 'ctrl-c')
  t.equal(pulls.left(), true)
  t.end()
})
