/** The files of `install/` folders that say in their first line where on a host they belong: `# /usr/lib/…`. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { root } from '../programs.ts'
import type { Entry } from './entry.ts'

const sources = ['helper/install', 'daemon/install', 'tui/install'] as const

/** Throws if one belongs outside of /usr/lib: a package that writes elsewhere would have more to take back. */
export async function collectUnits(): Promise<Entry[]> {
  const entries: Entry[] = []
  for (const source of sources) {
    const found = await readdir(join(root, source), { withFileTypes: true })
    for (const { name } of found.filter((file) => file.isFile())) {
      const content = await readFile(join(root, source, name), 'utf8')
      const place = /^# \/(\S+)\n/.exec(content)?.[1]
      if (place === undefined) continue
      if (!place.startsWith('usr/lib/') || place.includes('..')) throw new Error(`${source}/${name} wants to be in /${place}`)
      entries.push({ path: place, mode: 0o644, content })
    }
  }
  return entries
}
