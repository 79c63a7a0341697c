import { existsSync } from 'node:fs'
import t from 'tap'
import { runInLanes, type Load } from '../../.build/tests/lanes.ts'
import { weigh, weighed } from '../../.build/tests/weights.ts'

const load = (file: string, seconds: number, cores: number): Load => ({ file, weight: { seconds, cores } })

/** Files that end when they are told to. */
function makeFiles() {
  const ends = new Map<string, (result: string) => void>()
  return {
    run: (file: string) => new Promise<string>((resolve) => ends.set(file, resolve)),
    running: () => [...ends.keys()],
    /** Ends one, and lets what follows begin. */
    async end(file: string) {
      ends.get(file)!(`${file} ended`)
      ends.delete(file)
      await new Promise(setImmediate)
    },
  }
}

t.test('the longest begins first, and beside it what the cores left over can take', async (t) => {
  const files = makeFiles()
  const loads = [load('short', 5, 1), load('long', 100, 1.5), load('idle', 60, 0.5), load('middle', 50, 1)]
  const answers = runInLanes(loads, { cores: 2, signal: new AbortController().signal, run: files.run })
  t.same(files.running(), ['long', 'idle'])
  await files.end('idle')
  t.same(files.running(), ['long'], 'half a core is too little for those that are left')
  await files.end('long')
  t.same(files.running(), ['middle', 'short'])
  await files.end('short')
  await files.end('middle')
  t.same(await answers, ['short ended', 'long ended', 'idle ended', 'middle ended'], 'answers come in the order of the files')
})

t.test('what wants the whole machine, or more, runs alone', async (t) => {
  const files = makeFiles()
  const answers = runInLanes([load('huge', 10, 8), load('small', 5, 0.25), load('whole', 1, 2)], { cores: 2, signal: new AbortController().signal, run: files.run })
  for (const file of ['huge', 'small', 'whole']) {
    t.same(files.running(), [file])
    await files.end(file)
  }
  t.equal((await answers).length, 3)
})

t.test('tenths of cores add up', async (t) => {
  const files = makeFiles()
  const loads = [0.1, 0.2, 0.7].map((cores, index) => load(String(index), 1, cores))
  const answers = runInLanes(loads, { cores: 1, signal: new AbortController().signal, run: files.run })
  t.same(files.running(), ['0', '1', '2'])
  for (const file of files.running()) await files.end(file)
  await answers
})

t.test('after an abort nothing begins any more', async (t) => {
  const files = makeFiles()
  const abort = new AbortController()
  const answers = runInLanes([load('one', 2, 1), load('two', 1, 1)], { cores: 1, signal: abort.signal, run: files.run })
  abort.abort()
  await files.end('one')
  t.same(await answers, ['one ended'])
})

t.test('every file that is weighed is there, and any other weighs something', (t) => {
  for (const file of weighed()) t.ok(existsSync(file), file)
  t.match(weigh('test/x.test.ts'), { cores: 1 })
  t.end()
})
