/** The kernel's package, unpacked: the kernel itself and the modules that are taken of it. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Entry } from './tree.ts'
import { formatAliases, formatDependencies, moduleName, orderModules, parseModule, type KernelModule } from './modules.ts'

export interface Kernel {
  /** As `uname -r` prints it in the guest. */
  readonly version: string
  /** A bzImage (Linux, Documentation/arch/x86/boot.rst). */
  readonly image: Uint8Array
  /** Reads the modules of these names and all that they need. Throws where the kernel has one neither built in nor apart. */
  readModules(names: readonly string[]): Promise<KernelModule[]>
}

/** Reads what `dpkg-deb -x` made of the kernel's package. */
export async function openKernel(unpacked: string): Promise<Kernel> {
  const modulesFolder = join(unpacked, 'lib', 'modules')
  const [version, ...others] = await readdir(modulesFolder)
  if (version === undefined || others.length > 0) throw new Error('the package holds more or less than one kernel')
  const folder = join(modulesFolder, version)
  const paths = (await readdir(folder, { recursive: true })).filter((path) => path.endsWith('.ko'))
  const pathOf = new Map(paths.map((path) => [moduleName(path), path]))
  const builtin = await readFile(join(folder, 'modules.builtin'), 'utf8')
  const isBuiltin = new Set(builtin.trim().split('\n').map(moduleName))

  return {
    version,
    image: await readFile(join(unpacked, 'boot', `vmlinuz-${version}`)),
    async readModules(names) {
      const read = new Map<string, KernelModule>()
      const wanted = names.map(moduleName).filter((name) => !isBuiltin.has(name))
      for (const queue = [...wanted]; queue.length > 0; ) {
        const name = queue.pop() ?? ''
        const path = pathOf.get(name)
        if (path === undefined || read.has(name)) continue
        const found = parseModule(path, await readFile(join(folder, path)))
        read.set(name, found)
        queue.push(...found.needs)
      }
      return orderModules(wanted, (name) => read.get(name))
    },
  }
}

/** The files below `/lib/modules` by which modprobe(8) loads these modules. */
export function moduleEntries(version: string, modules: readonly KernelModule[]): Entry[] {
  const folder = `lib/modules/${version}`
  return [
    ...modules.map(({ path, data }): Entry => ({ kind: 'file', path: `${folder}/${path}`, mode: 0o644, data })),
    { kind: 'file', path: `${folder}/modules.dep`, mode: 0o644, data: Buffer.from(formatDependencies(modules)) },
    { kind: 'file', path: `${folder}/modules.alias`, mode: 0o644, data: Buffer.from(formatAliases(modules)) },
  ]
}
