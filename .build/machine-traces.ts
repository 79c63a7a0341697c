/** Texts that tell the machine apart which this runs on, for the check that none of them is in the repository. */
import { readFile, readdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Names that everybody uses. */
const PUBLIC = /(^|\.)(debian\.org|npmjs\.org|npmjs\.com|nodejs\.org|github\.com|example\.(com|org|net))$/

/** The checkout's path, and hosts of package mirrors and registries that are not public ones. */
export async function findMachineTraces(root: string): Promise<string[]> {
  const folder = root.replace(/\/$/, '')
  const settings = [
    ...(await listFiles('/etc/apt/sources.list.d')),
    '/etc/apt/sources.list',
    ...(await listFiles('/etc/apt/apt.conf.d')),
    join(homedir(), '.npmrc'),
    '/etc/npmrc',
  ]
  const texts = await Promise.all(settings.map((path) => readFile(path, 'utf8').catch(() => '')))
  const registry = process.env['npm_config_registry'] ?? ''
  const hosts = [...texts, registry].flatMap((text) => [...text.matchAll(/\bhttps?:\/\/(?:[^@/\s"]*@)?([^/:\s"]+)/g)])
  const names = hosts.map((match) => match[1] ?? '').filter((host) => host.includes('.') && !PUBLIC.test(host))
  // a short path such as /src is no trace: it is found in many a text
  return [...(folder.split('/').length > 2 ? [folder] : []), ...new Set(names)]
}

async function listFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => [])
  return names.map((name) => join(folder, name))
}
