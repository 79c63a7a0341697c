/** Everything that a release has in it. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { listImageFiles } from '../image-files.ts'
import { root } from '../programs.ts'
import { bundlePrograms } from './bundles.ts'
import { writeCommands } from './commands.ts'
import { renderControl } from './control.ts'
import { renderCopyright } from './copyright.ts'
import type { Package } from './deb.ts'
import type { Entry } from './entry.ts'
import { collectRuntime, runtimePackages } from './runtime.ts'
import { collectUnits } from './units.ts'

const PROGRAMS = 'usr/lib/aetherscale'
const DOCUMENTS = 'usr/share/doc/aetherscale'
const MAINTAINER_SCRIPTS = '.build/package/maintainer'

/** Debian's names of the architectures that Node is packaged for. */
const architectures: Partial<Record<NodeJS.Architecture, string>> = { x64: 'amd64', arm64: 'arm64' }

/** For the machine that this runs on; `version` is also what the programs say of themselves. */
export async function assemblePackage(version: string): Promise<Package> {
  const architecture = architectures[process.arch]
  if (architecture === undefined) throw new Error(`there is no Node 24 for ${process.arch} to be packed`)
  const bundles = await bundlePrograms(PROGRAMS, version)
  const copyright = await renderCopyright([...bundles.packages, ...runtimePackages])
  const files: Entry[] = [
    ...bundles.entries,
    ...(await collectRuntime(PROGRAMS)),
    ...writeCommands(PROGRAMS),
    ...(await collectUnits()),
    ...(await readImageFiles()),
    await readAs(`${PROGRAMS}/policy.example.json`, 0o644, 'helper/install/policy.example.json'),
    await readAs(`${PROGRAMS}/in-user-managers`, 0o755, '.build/package/in-user-managers'),
    await readAs(`${DOCUMENTS}/README.md`, 0o644, 'README.md'),
    await readAs(`${DOCUMENTS}/REFERENCE.md`, 0o644, 'policy/REFERENCE.md'),
    { path: `${DOCUMENTS}/copyright`, mode: 0o644, content: copyright },
  ]
  const bytes = files.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0)
  // a version before a release sorts before it (deb-version(7))
  const debVersion = version.replace('-', '~')
  return {
    debName: `aetherscale_${debVersion}_${architecture}`,
    tarballName: `aetherscale-${version}-linux-${architecture}`,
    control: [{ path: 'control', mode: 0o644, content: renderControl(debVersion, architecture, bytes) }, ...(await readScripts())],
    files,
  }
}

async function readImageFiles(): Promise<Entry[]> {
  const files = await listImageFiles()
  return await Promise.all(files.map(({ source, path }) => readAs(join(PROGRAMS, path), 0o644, source)))
}

async function readScripts(): Promise<Entry[]> {
  const names = await readdir(join(root, MAINTAINER_SCRIPTS))
  return await Promise.all(names.map((name) => readAs(name, 0o755, join(MAINTAINER_SCRIPTS, name))))
}

async function readAs(path: string, mode: Entry['mode'], source: string): Promise<Entry> {
  return { path, mode, content: await readFile(join(root, source), 'utf8') }
}
