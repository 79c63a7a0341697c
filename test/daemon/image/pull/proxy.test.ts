import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { programs, root } from '../../../../.build/programs.ts'
import { startFileServer } from '../../../fakes/file-server.ts'

const { nodeFlags } = programs.find(({ name }) => name === 'aetherscaled')!

t.test('started as it is installed, the daemon asks the proxy that its environment names', async (t) => {
  const proxy = await startFileServer(t)
  const script = `import { get } from ${JSON.stringify(join(root, 'daemon/image/pull/exchange.ts'))}
    const options = { mayLoseTls: false, signal: AbortSignal.timeout(60_000) }
    const { statusCode } = await get(new URL('http://images.example.org/disk.qcow2'), options)
    console.log(statusCode)
    process.exit()`
  const child = spawn(process.execPath, [...nodeFlags, '--input-type=module', '-e', script], {
    env: { HTTP_PROXY: proxy.url },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [said] = await Promise.all([text(child.stdout), once(child, 'exit')])
  t.equal(said, '404\n')
  t.match(proxy.requests, [{ path: 'http://images.example.org/disk.qcow2' }])
})

t.test('and its unit starts it so', async (t) => {
  const unit = readFileSync(join(root, 'daemon/install/aetherscaled.service'), 'utf8')
  t.match(unit, new RegExp(`^ExecStart=\\S+/node ${nodeFlags.join(' ')} \\S+/aetherscaled\\.js$`, 'm'))
})
