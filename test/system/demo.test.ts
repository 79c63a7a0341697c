import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { ensureTinyImage } from './tiny-image.ts'

t.setTimeout(600_000)

t.test('the demo shows a VM from its image to its end', async (t) => {
  await ensureTinyImage()
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, '../../tui/demo/main.ts')], { encoding: 'utf8', timeout: 500_000 })
  t.equal(status, 0, stdout + stderr)
  for (const text of [/VM demo \([a-z]{8}\) runs as process \d+/, /10\.0\.2\.15\/24/, /guest powers down when asked/, /Done in /]) t.match(stdout, text)
})
