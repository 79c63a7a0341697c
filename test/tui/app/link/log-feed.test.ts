import { appendFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { mock } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { readLog } from '../../../../daemon/vm/log.ts'
import type { Link } from '../../../../tui/app/context.ts'
import { createLogFeed } from '../../../../tui/app/link/log-feed.ts'
import { PIECE_BYTES } from '../../../../tui/app/model/log-text.ts'
import { popView, pushView } from '../../../../tui/app/model/state.ts'
import { createStore } from '../../../../tui/app/model/store.ts'
import type { LogView } from '../../../../tui/app/model/views.ts'
import { withVms } from '../../../../tui/app/model/world.ts'
import { openLog } from '../../../../tui/app/screens/log/view.ts'
import { makeTestDirectory } from '../../../fakes/daemon.ts'
import { makeVm } from '../../../inputs/vms.ts'
import { makeState, makeWorld } from '../screen.tsx'

const vm = makeVm(1)

/** A log that is a real file, read as the daemon reads it. */
async function watchLog(t: Test, text: string) {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  const path = join(await makeTestDirectory(t), 'console.log')
  await writeFile(path, text)
  const asked: { source: string; offset?: number; limitBytes: number }[] = []
  let failing: Error | undefined
  let answered = 0
  const link = {
    async call(_method: string, params: { source: string; offset?: number; limitBytes: number }) {
      asked.push(params)
      try {
        if (failing) throw failing
        return await readLog(path, params.offset, params.limitBytes)
      } finally {
        answered++
      }
    },
    refresh: () => {},
  } as unknown as Link
  const store = createStore(makeState({ world: withVms(makeWorld(), [vm]) }))
  const feed = createLogFeed(link, store)
  t.teardown(feed.close)
  return {
    path,
    asked,
    store,
    feed,
    fail: (error?: Error) => (failing = error),
    log: () => store.get().world.log,
    open: () => store.change((state) => pushView(state, openLog(vm))),
    show: (more: Partial<LogView>) => store.change((state) => ({ ...state, stack: [state.stack[0]!, { ...(state.stack.at(-1) as LogView), ...more }] })),
    /** Lets all answers come. */
    async settle() {
      await until(() => answered === asked.length)
      await nextTurn()
    },
  }
}

/** Lets answers come until it is so. */
async function until(isSo: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1_000_000; turn++) {
    if (isSo()) return
    await nextTurn()
  }
  throw new Error('it did not come to that')
}

const lines = (from: number, to: number): string => Array.from({ length: to - from }, (_unused, index) => `line ${from + index}\n`).join('')

t.test('it is read from its end, and only while it is shown', async (t) => {
  const { asked, store, log, open } = await watchLog(t, lines(0, 20_000))
  t.same(asked, [])
  open()
  await until(() => log() !== undefined)
  t.match(asked, [{ source: 'console', offset: undefined }])
  t.equal(log()?.lines.at(-1), 'line 19999')
  mock.timers.tick(200)
  t.equal(asked.length, 2)
  await until(() => log()?.atEnd === true)
  store.change(popView)
  t.equal(log(), undefined, 'nothing of it is kept')
  mock.timers.tick(10_000)
  t.equal(asked.length, 2)
})

t.test('what comes is followed quickly, and asked for less often while nothing comes', async (t) => {
  const { asked, path, log, open, settle } = await watchLog(t, 'one\n')
  open()
  await until(() => log() !== undefined)
  const pauses: number[] = []
  for (let round = 0; round < 6; round++) {
    const before = asked.length
    let passed = 0
    // The next pause begins with the answer.
    await settle()
    while (asked.length === before) {
      mock.timers.tick(100)
      passed += 100
    }
    pauses.push(passed)
  }
  t.same(pauses, [200, 400, 800, 1600, 2000, 2000])
  await appendFile(path, 'two\n')
  await settle()
  mock.timers.tick(2000)
  await until(() => log()?.lines.length === 2)
  await settle()
  const before = asked.length
  mock.timers.tick(200)
  t.equal(asked.length, before + 1)
})

t.test('older text is read when one comes near its beginning, until there is none', async (t) => {
  const { asked, log, open, show, settle } = await watchLog(t, lines(0, 20_000))
  open()
  await until(() => log() !== undefined)
  t.notOk(log()?.atStart)
  const { first } = log()!
  show({ follow: false, at: { line: first + 30, row: 0 } })
  await until(() => log()!.first < first)
  const [start, older] = [asked.at(-2)!, asked.at(-1)!]
  t.equal(start.offset, undefined)
  t.equal(older.offset! + older.limitBytes, Buffer.byteLength(lines(0, 20_000)) - PIECE_BYTES, 'up to what is there')
  await settle()
  t.equal(asked.at(-1), older, 'and no more than is near')
  while (!log()!.atStart) {
    const at = log()!.first
    show({ at: { line: at, row: 0 } })
    await until(() => log()!.first < at)
  }
  t.equal(log()!.lines[0], 'line 0')
})

t.test('to the beginning of a long log and to its end it is one step', async (t) => {
  const { asked, log, open, show } = await watchLog(t, lines(0, 100_000))
  open()
  await until(() => log() !== undefined)
  show({ follow: false, at: { line: -Infinity, row: 0 } })
  await until(() => log()!.lines[0] === 'line 0')
  t.equal(asked.length, 2)
  t.notOk(log()!.atEnd)
  show({ follow: true })
  await until(() => log()!.lines.at(-1) === 'line 99999')
  t.equal(asked.length, 3)
})

t.test('what is read on is read without a pause while there is more', async (t) => {
  const { log, open, show } = await watchLog(t, lines(0, 100_000))
  open()
  await until(() => log() !== undefined)
  show({ follow: false, at: { line: -Infinity, row: 0 } })
  await until(() => log()!.lines[0] === 'line 0')
  show({ at: { line: log()!.lines.length - 1, row: 0 } })
  const before = log()!.lines.length
  await until(() => log()!.lines.length > before)
  t.equal(log()!.lines[before], `line ${before}`)
})

t.test('a log that has become shorter is read from its own end', async (t) => {
  const { path, log, open } = await watchLog(t, lines(0, 100))
  open()
  await until(() => log() !== undefined)
  await truncate(path, 0)
  await appendFile(path, 'new\n')
  mock.timers.tick(200)
  await until(() => log()?.lines.length === 1)
  t.same(log()!.lines, ['new'])
})

t.test('another source is another text, and an answer about the one before is nobody\'s', async (t) => {
  const { asked, log, open, show } = await watchLog(t, 'text\n')
  open()
  show({ source: 'qemu' })
  await until(() => log()?.source === 'qemu')
  t.same(asked.map(({ source }) => source), ['console', 'qemu'])
})

t.test('why it cannot be read is told, and it is tried again', async (t) => {
  const { log, open, fail } = await watchLog(t, 'text\n')
  fail(new Error('no such file'))
  open()
  await until(() => log()?.error === 'no such file')
  fail()
  await until(() => {
    mock.timers.tick(2000)
    return log()?.lines.length === 1
  })
  t.equal(log()?.error, undefined)
})

t.test('after a new connection it goes on where it was', async (t) => {
  const { asked, path, feed, log, open } = await watchLog(t, 'one\n')
  open()
  await until(() => log() !== undefined)
  feed.reset()
  await appendFile(path, 'two\n')
  mock.timers.tick(200)
  await until(() => log()?.lines.length === 2)
  t.equal(asked.at(-1)?.offset, 4)
})
