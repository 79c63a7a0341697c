/** Where packages of another release than the host's come from. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'

export interface HostRelease {
  readonly isDebian: boolean
  /** `bookworm`; `unknown` where os-release(5) does not tell. */
  readonly codename: string
}

/** Debian's release that is built where the host has none of its own. */
export const USUAL_SUITE = 'bookworm'

export async function readHostRelease(): Promise<HostRelease> {
  return parseHostRelease(await readFile('/etc/os-release', 'utf8').catch(() => ''))
}

/** PURE: what os-release(5) tells. */
export function parseHostRelease(text: string): HostRelease {
  const value = (key: string): string | undefined => new RegExp(`^${key}="?([a-z0-9.-]+)"?$`, 'm').exec(text)?.[1]
  return { isDebian: value('ID') === 'debian', codename: value('VERSION_CODENAME') ?? 'unknown' }
}

/**
 * Writes a folder of sources for a suite, and answers its path; `undefined` where the machine's own are for that suite. On
 * Debian they are the machine's with the suite exchanged, so that its mirrors are asked; elsewhere Debian's own.
 */
export async function writeSources(workFolder: string, suite: string, host: HostRelease): Promise<string | undefined> {
  if (host.isDebian && host.codename === suite) return undefined
  const folder = join(workFolder, 'sources')
  await mkdir(folder)
  const own = host.isDebian ? await readSources() : []
  const files = own.flatMap(([name, text]): [string, string][] => {
    const changed = retarget(text, host.codename, suite)
    return changed === undefined ? [] : [[name, changed]]
  })
  if (files.length === 0) files.push(['debian.list', debianSources(suite)])
  for (const [name, text] of files) await writeFile(join(folder, name), text)
  return folder
}

/** PURE: a list of sources for another suite; `undefined` for one that does not name the first. */
export function retarget(text: string, from: string, to: string): string | undefined {
  const word = new RegExp(`(?<![\\w.-])${from}(?=$|[\\s/-])`, 'gm')
  return word.test(text) ? text.replace(word, to) : undefined
}

function debianSources(suite: string): string {
  const signed = '[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]'
  return [
    `deb ${signed} http://deb.debian.org/debian ${suite} main`,
    `deb ${signed} http://deb.debian.org/debian ${suite}-updates main`,
    `deb ${signed} http://deb.debian.org/debian-security ${suite}-security main`,
    '',
  ].join('\n')
}

async function readSources(): Promise<[name: string, text: string][]> {
  const parts = '/etc/apt/sources.list.d'
  const names = (await readdir(parts).catch(() => [])).filter((name) => /\.(list|sources)$/.test(name))
  const paths = ['/etc/apt/sources.list', ...names.map((name) => join(parts, name))]
  // sources.list itself has no ending by which apt would take it among parts.
  const nameOf = (path: string): string => (path === paths[0] ? 'main.list' : basename(path))
  return await Promise.all(paths.map(async (path): Promise<[string, string]> => [nameOf(path), await readFile(path, 'utf8').catch(() => '')]))
}
