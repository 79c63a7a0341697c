import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import t from 'tap'
import { lockFolder } from '../../../daemon/state/lock.ts'

const holder = `
  import { lockFolder } from ${JSON.stringify(join(import.meta.dirname, '../../../daemon/state/lock.ts'))}
  lockFolder(process.argv[1])
  console.log('held')
  setInterval(() => {}, 1000)
`

t.test('a second holder is refused until the first gives the lock back', (t) => {
  const folder = t.testdir()
  const unlock = lockFolder(folder)
  t.match(t.throws(() => lockFolder(folder)), { data: { name: 'HOST_IO' }, message: /Another aetherscaled/ })
  unlock()
  lockFolder(folder)()
  t.end()
})

t.test('the lock ends with a holder that is killed', async (t) => {
  const folder = t.testdir()
  const child = spawn(process.execPath, ['--input-type=module', '-e', holder, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  t.match(t.throws(() => lockFolder(folder)), { data: { name: 'HOST_IO' } })
  child.kill('SIGKILL')
  await once(child, 'exit')
  lockFolder(folder)()
})
