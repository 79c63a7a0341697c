import { appendFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { deriveInit, lastMark, readProgress, withoutMarks } from '../../../daemon/firstboot/progress.ts'

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

t.test('the state follows from the mark, and from whether the QEMU that it was begun in still runs', async (t) => {
  const at = new Date('2026-01-01T00:01:00Z')
  const [before, after] = [new Date('2026-01-01T00:00:00Z'), new Date('2026-01-01T00:02:00Z')]
  t.same(deriveInit({ told: { kind: 'nothing' }, at }, before), { state: 'pending' })
  t.same(deriveInit({ told: { kind: 'started' }, at }, before), { state: 'running' })
  t.same(deriveInit({ told: { kind: 'started' }, at }, undefined), { state: 'failed' }, 'the VM has ended')
  t.same(deriveInit({ told: { kind: 'started' }, at }, after), { state: 'failed' }, 'another run of QEMU')
  t.same(deriveInit({ told: { kind: 'interrupted' }, at }, before), { state: 'failed' })
  t.same(deriveInit({ told: { kind: 'exit', code: 0 }, at }, undefined), { state: 'done', exitCode: 0 })
  t.same(deriveInit({ told: { kind: 'exit', code: 7 }, at }, undefined), { state: 'failed', exitCode: 7 })
})

t.test('a log is read from its end, however much was printed since the mark, and wherever the mark lies', async (t) => {
  const path = join(t.testdir({}), 'init.log')
  t.same(readProgress(path).told, { kind: 'nothing' })
  writeFileSync(path, '')
  t.same(readProgress(path).told, { kind: 'nothing' })
  appendFileSync(path, '\x1eaetherscale-init: started\n')
  t.same(readProgress(path).told, { kind: 'started' })
  appendFileSync(path, 'x'.repeat(1_000_000))
  t.same(readProgress(path).told, { kind: 'started' })
  const mark = '\x1eaetherscale-init: exit 1\n'
  for (let back = 65_536 - mark.length; back <= 65_536; back++) {
    writeFileSync(path, `${mark}${'y'.repeat(back)}`)
    t.same(readProgress(path).told, { kind: 'exit', code: 1 }, `${back} bytes before the end`)
  }
  utimesSync(path, 10, 20)
  t.equal(readProgress(path).at.getTime(), 20_000)
})
