import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { connect } from '../../tui/client.ts'
import { makeFolder } from '../fakes/folder.ts'

t.test('a log that cannot be written does not end the daemon', async (t) => {
  const root = makeFolder(t)
  const full = openSync('/dev/full', 'w')
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../daemon/main.ts'), '--root', root], {
    stdio: ['ignore', 'ignore', full],
    env: { PATH: process.env['PATH'], LOG_LEVEL: 'debug', AETHERSCALE_ACCEL: 'tcg' },
  })
  closeSync(full)
  const ended = once(child, 'exit')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const reach = async (): ReturnType<typeof connect> => {
    for (;;) {
      const client = await connect({ directory: join(root, 'run'), env: {}, access: 'control' }).catch(() => undefined)
      if (client) return client
      if (child.exitCode !== null) throw new Error(`it has ended with status ${child.exitCode}`)
      await delay(20)
    }
  }
  const client = await reach()
  for (let i = 0; i < 3; i++) t.match(await client.call('system.info', {}), { version: String })
  client.close()
  t.equal(child.exitCode, null)
})
