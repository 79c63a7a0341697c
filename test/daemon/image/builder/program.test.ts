import t from 'tap'
import { requirePrograms, run } from '../../../../daemon/image/builder/program.ts'

const { signal } = new AbortController()

t.test('what a program prints is answered', async (t) => {
  t.match(await run('sh', ['-c', 'echo out; echo err >&2'], { signal }), { stdout: 'out', stderr: 'err' })
})

t.test('a program that is not there is told with its package', async (t) => {
  await t.rejects(run('mke2fs', [], { signal, env: { PATH: '/nonexistent' } }), {
    data: { name: 'PROGRAM_MISSING', hint: /e2fsprogs/ },
    message: /^mke2fs is not installed/,
  })
})

t.test('a full disk is told from other failures, which come with the last words', async (t) => {
  await t.rejects(run('sh', ['-c', 'echo write error: No space left on device >&2; exit 1'], { signal }), {
    data: { name: 'NO_SPACE' },
    message: 'sh ran out of space',
  })
  await t.rejects(run('sh', ['-c', 'echo the reason >&2; exit 3'], { signal }), {
    data: { name: 'IMAGE_BUILD_FAILED' },
    message: 'sh failed: the reason',
  })
})

t.test('an abort ends the program, and its reason is what is thrown', async (t) => {
  const reason = new Error('enough')
  await t.rejects(run('sleep', ['1000'], { signal: AbortSignal.abort(reason) }), reason)
  const abort = new AbortController()
  const running = run('sleep', ['1000'], { signal: abort.signal })
  abort.abort(reason)
  await t.rejects(running, reason)
})

t.test('all that is missing is told at once', async (t) => {
  requirePrograms(['sh', 'mke2fs'])
  t.throws(() => requirePrograms(['sh', 'no-such-program', 'nor-this']), {
    message: 'Not installed: no-such-program, nor-this; images are built with them',
    data: { name: 'PROGRAM_MISSING' },
  })
})
