/** The shared libraries of a program, found in unpacked packages as the guest's loader will find them. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readNeeded } from './elf.ts'
import type { Entry } from './tree.ts'

/** Where Debian's packages keep libraries, merged /usr or not. The first is also the loader's own first place in the guest. */
const LIBRARY_FOLDER = 'lib/x86_64-linux-gnu'
const SEARCHED = [LIBRARY_FOLDER, 'usr/lib/x86_64-linux-gnu', 'usr/lib64', 'lib64']

/** The loader that `program` names, and every library that it needs, directly or not. Throws for one that is not there. */
export async function collectLibraries(unpacked: string, program: Uint8Array): Promise<Entry[]> {
  const { loader, libraries } = readNeeded(program)
  const entries = new Map<string, Entry>()
  const loaderName = loader?.split('/').at(-1)
  if (loader !== undefined && loaderName !== undefined) {
    entries.set(loaderName, library(loader.slice(1), await findLibrary(unpacked, loaderName)))
  }
  for (const queue = [...libraries]; queue.length > 0; ) {
    const name = queue.pop() ?? ''
    if (entries.has(name)) continue
    const data = await findLibrary(unpacked, name)
    entries.set(name, library(`${LIBRARY_FOLDER}/${name}`, data))
    queue.push(...readNeeded(data).libraries)
  }
  return [...entries.values()]
}

function library(path: string, data: Uint8Array): Entry {
  return { kind: 'file', path, mode: 0o755, data }
}

async function findLibrary(unpacked: string, name: string): Promise<Uint8Array> {
  for (const folder of SEARCHED) {
    try {
      return await readFile(join(unpacked, folder, name))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  throw new Error(`none of the packages has the library ${name}`)
}
