import { appendFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { deriveInit, lastMark, noteOf, readOn, readProgress, withoutMarks, type Progress, type Told } from '../../../daemon/firstboot/progress.ts'

t.test('the last mark counts, and what only looks like one does not', async (t) => {
  t.equal(lastMark('nothing\n'), undefined)
  t.equal(lastMark('aetherscale-init: exit 0\n'), undefined, 'a program that prints the words')
  t.equal(lastMark('\x1eaetherscale-init: exit 3'), undefined, 'the line is not whole yet')
  t.same(lastMark('\x1eaetherscale-init: started\nx'), { kind: 'started' })
  t.same(lastMark('\x1eaetherscale-init: started\nno newline\x1eaetherscale-init: exit 3\n'), { kind: 'exit', code: 3 })
  t.same(lastMark('\x1eaetherscale-init: exit 3\n\x1eaetherscale-init: started\n'), { kind: 'started' }, 'it is run again')
  t.same(lastMark('\x1eaetherscale-init: started\n\x1eaetherscale-init: interrupted\n'), { kind: 'interrupted' })
  t.equal(withoutMarks('\x1eaetherscale-init: started\n'), 'aetherscale-init: started\n')
})

t.test('the state follows from the mark, and from whether the boot that it was begun in goes on', async (t) => {
  const at = new Date('2026-01-01T00:01:00Z')
  const [before, after] = ['2026-01-01T00:00:00Z', '2026-01-01T00:02:00Z'].map((text) => new Date(text)) as [Date, Date]
  const since = { startedAt: before }
  const progress = (told: Told): Progress => ({ told, at, offset: 0 })
  t.same(deriveInit(progress({ kind: 'nothing' }), since), { state: 'pending' })
  t.same(deriveInit(progress({ kind: 'started' }), since), { state: 'running' })
  t.same(deriveInit(progress({ kind: 'started' }), undefined), { state: 'failed' }, 'the VM has ended')
  t.same(deriveInit(progress({ kind: 'started' }), { startedAt: after }), { state: 'failed' }, 'another run of QEMU')
  t.same(deriveInit(progress({ kind: 'started' }), { startedAt: before, resetAt: after }), { state: 'failed' }, 'the guest was reset')
  t.same(deriveInit(progress({ kind: 'interrupted' }), since), { state: 'failed' })
  t.same(deriveInit(progress({ kind: 'exit', code: 0 }), undefined), { state: 'done', exitCode: 0 })
  t.same(deriveInit(progress({ kind: 'exit', code: 7 }), undefined), { state: 'failed', exitCode: 7 })
})

t.test('a log is read on from where it was, and an outcome stays until the guest begins anew', async (t) => {
  const folder = t.testdir({})
  const [initLog, initNote] = [join(folder, 'init.log'), join(folder, 'init.json')]
  let known = readProgress({ initLog, initNote })
  const read = (): Told => (known = readOn(known, initLog)).told
  t.same(read(), { kind: 'nothing' }, 'there is none yet')
  writeFileSync(initLog, '')
  t.same(read(), { kind: 'nothing' })
  appendFileSync(initLog, '\x1eaetherscale-init: sta')
  t.same(read(), { kind: 'started' }, 'something was said')
  appendFileSync(initLog, 'rted\n')
  t.same(read(), { kind: 'started' })
  appendFileSync(initLog, `${'x'.repeat(2_000_000)}\x1eaetherscale-init: ex`)
  t.same(read(), { kind: 'started' })
  appendFileSync(initLog, 'it 1\n')
  t.same(read(), { kind: 'exit', code: 1 }, 'a mark that came in two pieces')
  writeFileSync(initNote, JSON.stringify(noteOf(known)))
  appendFileSync(initLog, 'y'.repeat(20_000_000))
  t.same(read(), { kind: 'exit', code: 1 }, 'what it left running prints on')
  t.same(readProgress({ initLog, initNote }).told, { kind: 'exit', code: 1 }, 'for the next daemon too')
  appendFileSync(initLog, '\x1eaetherscale-init: started\n')
  t.same(readProgress({ initLog, initNote }).told, { kind: 'started' })
  utimesSync(initLog, 10, 20)
  t.equal(readOn(known, initLog).at.getTime(), 20_000)
})
