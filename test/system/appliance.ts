/** What libguestfs needs on a machine without a kernel in /boot, as containers are: the tiny image's, unpacked. */
import { execFileSync } from 'node:child_process'
import { globSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { defaultCacheFolder } from '../../daemon/image/builder/cached.ts'
import { ensureTinyImage } from './tiny-image.ts'

/** Variables for a daemon; gone when the test ends. */
export async function applianceEnvironment(t: Test): Promise<Record<string, string>> {
  if (globSync('/boot/vmlinuz-*').length > 0) return {}
  await ensureTinyImage()
  const [kernel] = globSync(join(defaultCacheFolder(process.env), '**', 'linux-image-*-cloud-amd64_*.deb'))
  if (kernel === undefined) throw new Error('the tiny image has left no kernel in the cache')
  const folder = mkdtempSync(join(tmpdir(), 'aetherscale-kernel-'))
  t.teardown(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  execFileSync('dpkg-deb', ['-x', kernel, folder])
  const [version = ''] = readdirSync(join(folder, 'lib', 'modules'))
  execFileSync('/sbin/depmod', ['-b', folder, version])
  return { SUPERMIN_KERNEL: join(folder, 'boot', `vmlinuz-${version}`), SUPERMIN_MODULES: join(folder, 'lib', 'modules', version) }
}
