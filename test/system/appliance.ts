/** What libguestfs needs on a machine without a kernel in /boot, as containers are: the tiny image's, unpacked. */
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { defaultCacheFolder } from '../../daemon/image/builder/cached.ts'
import type { Namespace } from '../helper/namespace.ts'
import { ensureTinyImage } from './tiny-image.ts'

export interface Appliance {
  /** Variables for a daemon. */
  readonly env: Record<string, string>
  /** Where it is to run, if not on the machine as it is. */
  readonly namespace?: Pick<Namespace, 'enter'>
}

/** Gone when the test ends. */
export async function prepareAppliance(t: Test): Promise<Appliance> {
  if (globSync('/boot/vmlinuz-*').length > 0) return { env: {} }
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
  const env = { SUPERMIN_KERNEL: join(folder, 'boot', `vmlinuz-${version}`), SUPERMIN_MODULES: join(folder, 'lib', 'modules', version) }
  return existsSync('/lib/modules') ? { env } : { env, namespace: withModules(folder) }
}

/** supermin(1) copies what /lib/modules itself is, wherever the modules are: a view of the machine that has one. */
function withModules(folder: string): Pick<Namespace, 'enter'> {
  for (const name of ['upper/modules', 'work']) mkdirSync(join(folder, name), { recursive: true })
  const mount = 'mount -t overlay modules -o "lowerdir=/usr/lib,upperdir=$0/upper,workdir=$0/work" /usr/lib; exec "$@"'
  return { enter: (...argv) => ['unshare', ['--mount', 'sh', '-ec', mount, folder, ...argv]] }
}
