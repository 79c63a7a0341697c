import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { exitStatus } from '../../policy/errors.ts'
import manifest from '../../package.json' with { type: 'json' }

const root = fileURLToPath(new URL('../..', import.meta.url))
const elsewhere = mkdtempSync(join(tmpdir(), 'aetherscale-bundle-'))
t.teardown(() => rmSync(elsewhere, { recursive: true }))

t.before(() => {
  execFileSync(process.execPath, [join(root, '.build/bundle.ts'), join(elsewhere, 'dist')], { stdio: 'inherit' })
  for (const name of ['koffi', '@koromix']) {
    cpSync(join(root, 'node_modules', name), join(elsewhere, 'node_modules', name), { recursive: true })
  }
})

for (const program of ['aetherscale', 'aetherscaled']) {
  t.test(`the bundle of ${program} runs away from the checkout, with nothing but koffi beside it`, async (t) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(elsewhere, 'dist', `${program}.js`), '--version'], {
      cwd: '/',
      encoding: 'utf8',
    })
    t.equal(stderr, '')
    t.equal(status, 0)
    t.match(stdout, manifest.version)
  })
}

t.test('a command that asks over the broker finds the library of AMQP in the bundle', async (t) => {
  const root = join(elsewhere, 'root')
  const daemon = spawn(process.execPath, [join(elsewhere, 'dist', 'aetherscaled.js'), '--root', root], { stdio: 'ignore' })
  const ended = once(daemon, 'exit')
  t.teardown(() => (daemon.kill(), ended))
  while (!existsSync(join(root, 'run', 'control.sock'))) await delay(50)
  // nobody listens on port 1
  writeFileSync(join(root, 'config', 'broker.json'), JSON.stringify({ url: 'amqp://127.0.0.1:1' }))
  const { status, stderr } = spawnSync(process.execPath, [join(elsewhere, 'dist', 'aetherscale.js'), '--socket-dir', join(root, 'run'), 'host', 'list'], { encoding: 'utf8' })
  t.match(stderr, /RabbitMQ at 127\.0\.0\.1:1: .*ECONNREFUSED/)
  t.equal(status, exitStatus.unreachable)
})
