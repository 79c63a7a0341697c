/** PURE: kernel modules: which are needed, in what order, and the tables by which modprobe(8) finds them. */
import { readModinfo } from './elf.ts'

export interface KernelModule {
  readonly name: string
  /** Relative to `/lib/modules/VERSION`. */
  readonly path: string
  /** Without the appended signature. */
  readonly data: Uint8Array
  /** Names of the modules that it needs, directly. */
  readonly needs: readonly string[]
  /** Patterns of devices that it drives. */
  readonly aliases: readonly string[]
}

const SIGNATURE_MARK = Buffer.from('~Module signature appended~\n')
/** struct module_signature of the kernel's include/linux/module_signature.h; its last four bytes are the length before it. */
const SIGNATURE_STRUCT_SIZE = 12

/**
 * The module without its signature. The kernel loads it all the same (only lockdown refuses) and is spared checking an
 * RSA signature a module, which takes long where each instruction is translated.
 */
export function stripSignature(file: Uint8Array): Uint8Array {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength)
  const end = bytes.length - SIGNATURE_MARK.length
  if (end < SIGNATURE_STRUCT_SIZE || !bytes.subarray(end).equals(SIGNATURE_MARK)) return file
  const size = end - SIGNATURE_STRUCT_SIZE - bytes.readUInt32BE(end - 4)
  if (size < 0) throw new Error('the signature of a module says that it is longer than the file')
  return bytes.subarray(0, size)
}

/** A module read from its file. "-" and "_" are the same in a module's name, and the kernel prints "_". */
export function parseModule(path: string, file: Uint8Array): KernelModule {
  const data = stripSignature(file)
  const info = readModinfo(data)
  const values = (wanted: string): string[] => info.filter(([key]) => key === wanted).map(([, value]) => value)
  const needs = values('depends').flatMap((list) => list.split(',')).filter((name) => name !== '')
  return { name: moduleName(path), path, data, needs: needs.map(moduleName), aliases: values('alias') }
}

/** The name of a module of this path or of this name in another spelling. */
export function moduleName(path: string): string {
  return (path.split('/').at(-1) ?? path).replace(/\.ko$/, '').replaceAll('-', '_')
}

/** These modules and all that they need, each after what it needs. Throws for one that is not known, and for a cycle. */
export function orderModules(wanted: readonly string[], find: (name: string) => KernelModule | undefined): KernelModule[] {
  const ordered = new Map<string, KernelModule>()
  const visit = (name: string, path: readonly string[]): void => {
    if (ordered.has(name)) return
    if (path.includes(name)) throw new Error(`modules need each other: ${[...path, name].join(' → ')}`)
    const found = find(name)
    if (!found) throw new Error(`the kernel has no module ${[...path, name].join(' → ')}`)
    for (const needed of found.needs) visit(needed, [...path, name])
    ordered.set(name, found)
  }
  for (const name of wanted) visit(moduleName(name), [])
  return [...ordered.values()]
}

/** modules.dep(5): a line a module with all that it needs, the one to load first at the end. */
export function formatDependencies(modules: readonly KernelModule[]): string {
  const byName = new Map(modules.map((module) => [module.name, module]))
  const lines = modules.map(({ name, path }) => {
    const needed = orderModules([name], (other) => byName.get(other)).slice(0, -1).reverse()
    return `${path}:${needed.map((other) => ` ${other.path}`).join('')}\n`
  })
  return lines.sort().join('')
}

/** modules.alias, as depmod(8) writes it: which module drives what. */
export function formatAliases(modules: readonly KernelModule[]): string {
  const lines = modules.flatMap(({ name, aliases }) => aliases.map((alias) => `alias ${alias} ${name}\n`))
  return lines.sort().join('')
}
