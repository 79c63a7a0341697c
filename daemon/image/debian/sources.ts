/** Where packages of another release than the host's come from. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../../../policy/errors.ts'

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

/** An archive of Debian, as sources.list(5) describes one. */
interface Source {
  readonly uri: string
  readonly suite: string
  readonly components: string
}

/**
 * Where Debian's packages of a suite come from, as lines of sources.list(5): the machine's own sources of Debian with the
 * suite exchanged, so that its mirrors are asked. Throws IMAGE_BUILD_FAILED where the machine has none.
 */
export async function debianSources(suite: string, { codename }: HostRelease): Promise<string> {
  const found = (await readSources()).flatMap((text) => findDebian(text, codename))
  if (found.length > 0) return renderSources(found, codename, suite)
  throw new UserError('IMAGE_BUILD_FAILED', 'The Debian image is built of what this machine has its packages from, and that is no Debian', {
    hint: 'Build it on a Debian and import it here, or pull one: aetherscale image catalogue',
  })
}

/** Writes a folder of sources for a suite, and answers its path; `undefined` where the machine's own are for that suite. */
export async function writeSources(workFolder: string, suite: string, host: HostRelease): Promise<string | undefined> {
  if (host.isDebian && host.codename === suite) return undefined
  const folder = join(workFolder, 'sources')
  await mkdir(folder)
  await writeFile(join(folder, 'debian.list'), await debianSources(suite, host))
  return folder
}

/** PURE: the archives of Debian itself in a list of either form; those of others know other packages, and other keys. */
export function findDebian(text: string, codename: string): Source[] {
  const all = /^Types:/m.test(text) ? text.split(/\n\s*\n/).flatMap(readStanza) : text.split('\n').flatMap(readLine)
  return all.filter(({ uri, suite }) => /\/debian(-security)?\/?$/.test(uri) && suite.replace(/[-/].*$/, '') === codename)
}

/** PURE: each by the key that Debian's own package brings. */
export function renderSources(sources: readonly Source[], from: string, to: string): string {
  const lines = sources.map(({ uri, suite, components }) => `deb [signed-by=${KEYRING}] ${uri} ${to}${suite.slice(from.length)} ${components}\n`)
  return [...new Set(lines)].join('')
}

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'

function readStanza(stanza: string): Source[] {
  const values = (key: string): string[] => new RegExp(`^${key}:[ \t]*(.*)$`, 'm').exec(stanza)?.[1]?.trim().split(/\s+/) ?? []
  if (!values('Types').includes('deb') || values('Enabled')[0] === 'no') return []
  const components = values('Components').join(' ')
  return values('URIs').flatMap((uri) => values('Suites').map((suite) => ({ uri, suite, components })))
}

function readLine(line: string): Source[] {
  const [, uri = '', suite = '', components = ''] = /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+([^#]*)/.exec(line) ?? []
  return uri === '' ? [] : [{ uri, suite, components: components.trim() }]
}

async function readSources(): Promise<string[]> {
  const parts = '/etc/apt/sources.list.d'
  const names = (await readdir(parts).catch(() => [])).filter((name) => /\.(list|sources)$/.test(name))
  const paths = ['/etc/apt/sources.list', ...names.map((name) => join(parts, name))]
  return await Promise.all(paths.map((path) => readFile(path, 'utf8').catch(() => '')))
}
