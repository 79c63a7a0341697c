import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { runProgram } from '../../../daemon/qemu/program.ts'
import { findProgram } from '../../../daemon/service/environment.ts'
import { UserError } from '../../../policy/errors.ts'

t.test('a child has nothing of our environment', async (t) => {
  process.env['AETHERSCALE_TEST_SECRET'] = 'x'
  t.teardown(() => delete process.env['AETHERSCALE_TEST_SECRET'])
  // tap adds variables of its own to every child, so that not all can be compared.
  const { stdout } = await runProgram('env', [])
  const names = stdout.split('\n').map((line) => line.split('=')[0])
  t.ok(['LC_ALL', 'PATH'].every((name) => names.includes(name)))
  t.notOk(['AETHERSCALE_TEST_SECRET', 'HOME'].some((name) => names.includes(name)))
})

t.test('however it ends, the result tells', async (t) => {
  t.match(await runProgram('sh', ['-c', 'echo out; echo err >&2; exit 3']), { exitCode: 3, stdout: 'out', stderr: 'err' })
  t.match(await runProgram('sh', ['-c', 'kill -TERM $$']), { exitCode: undefined, signal: 'SIGTERM' })
})

t.test('past its time it gets a signal that cannot be caught', async (t) => {
  const result = await runProgram('sh', ['-c', 'trap "" TERM; while :; do :; done'], { timeoutMs: 100 })
  t.match(result, { timedOut: true, signal: 'SIGKILL' })
})

t.test('a program that talks without end is ended', async (t) => {
  const { exitCode, stdout } = await runProgram('yes', [])
  t.not(exitCode, 0)
  t.ok(stdout.length <= 1_048_576)
})

t.test('an aborted one is ended', async (t) => {
  const abort = new AbortController()
  const running = runProgram('sh', ['-c', 'trap "" TERM; echo up; while :; do :; done'], {
    signal: abort.signal,
    onOutput: () => {
      abort.abort()
    },
  })
  t.match(await running, { isCanceled: true, signal: 'SIGKILL' })
})

t.test('one that is not there is named, with the package that has it', (t) => {
  const error = ((): unknown => {
    try {
      return findProgram('/nonexistent/qemu-img')
    } catch (thrown) {
      return thrown
    }
  })()
  t.ok(error instanceof UserError && error.data.name === 'PROGRAM_MISSING')
  t.match(findProgram('prlimit'), /^\/.*\/prlimit$/)
  t.end()
})

t.test('a program does not outlive who runs it, however that ends', async (t) => {
  const source = `
    import { runProgram } from ${JSON.stringify(new URL('../../../daemon/qemu/program.ts', import.meta.url).href)}
    runProgram('sh', ['-c', 'echo $$; exec sleep 600'], { onOutput: (text) => process.stdout.write(text) })
  `
  const runner = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [chunk] = (await once(runner.stdout, 'data')) as [Buffer]
  const pid = Number(chunk)
  t.doesNotThrow(() => process.kill(pid, 0), 'it runs')
  runner.kill('SIGKILL')
  await once(runner, 'exit')
  const isThere = (): boolean => existsSync(`/proc/${pid}/cmdline`) && readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== ''
  for (let tries = 0; tries < 500 && isThere(); tries++) await delay(20)
  t.notOk(isThere())
})
