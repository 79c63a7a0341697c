import { readFileSync } from 'node:fs'
import t from 'tap'
import type { Test } from 'tap'
import { runTestFile } from '../../.build/tests/run-file.ts'

const tap = "import t from 'tap'\n"

/** Runs this text as a test file. */
async function run(on: Test, text: string, more: { timeoutMs?: number; signal?: AbortSignal } = {}) {
  const root = on.testdir({ 'x.test.ts': tap + text })
  return { root, outcomes: await runTestFile('x.test.ts', { root, timeoutMs: 60_000, ...more }) }
}

t.test('a file that passes tells its tests', async (t) => {
  const { outcomes } = await run(t, "t.test('adds', async (t) => { const one: number = 1; t.equal(one + 1, 2) })")
  t.same(outcomes, [{ file: 'x.test.ts', name: 'adds', result: 'passed' }])
})

t.test('a failure comes with what the file wrote to stderr', async (t) => {
  const { outcomes } = await run(t, "t.test('adds', async (t) => { console.error('so it was'); t.equal(1, 2) })")
  t.match(outcomes, [{ name: 'adds', result: 'failed', detail: /-2\n {2}\+1[^]*stderr:\nso it was/ }])
})

t.test('a file that cannot be loaded, or holds no test, or exits with a status, fails', async (t) => {
  t.match((await run(t, 'syntax error')).outcomes.at(-1), { result: 'failed', detail: /holds no test[^]*SyntaxError/ })
  t.match((await run(t, '')).outcomes, [{ result: 'failed', detail: 'holds no test' }])
  t.match((await run(t, "t.pass(); process.on('exit', () => { process.exitCode = 3 })")).outcomes.at(-1), {
    result: 'failed',
    detail: /exit status 3/,
  })
})

t.test('a file that does not end is ended', async (t) => {
  const { outcomes } = await run(t, "t.pass(); process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)", { timeoutMs: 1500 })
  t.match(outcomes.at(-1), { result: 'failed', detail: /did not end within 1.5 s/ })
})

t.test('a process left behind is ended, and makes the file fail', async (t) => {
  const leave = `import { spawn } from 'node:child_process'; import { writeFileSync } from 'node:fs'
const child = spawn('sleep', ['600'], { stdio: 'ignore' }); child.unref()
writeFileSync('pid', String(child.pid)); t.pass()`
  const { root, outcomes } = await run(t, leave)
  t.match(outcomes.at(-1), { result: 'failed', detail: /left processes behind: sleep \(\d+\)/ })
  const pid = readFileSync(`${root}/pid`, 'utf8')
  t.notOk(isAlive(pid))
})

t.test('an interruption ends the file', async (t) => {
  const signal = AbortSignal.timeout(500)
  const { outcomes } = await run(t, "t.pass(); process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)", { signal })
  t.match(outcomes.at(-1), { result: 'failed', detail: /ended by SIGKILL/ })
})

/** A zombie is not: nobody may be there to reap it. */
function isAlive(pid: string): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
