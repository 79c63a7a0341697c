import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
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
