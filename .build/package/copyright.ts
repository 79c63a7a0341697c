/** The copyright file (Debian policy, 12.5): our licence, and that of all code which is in a release. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { root } from '../programs.ts'

/** `packages` are folders of npm packages below the checkout. Throws where one says nothing of its licence. */
export async function renderCopyright(packages: readonly string[]): Promise<string> {
  const ours = await readFile(join(root, 'LICENSE'), 'utf8')
  const theirs = await Promise.all([...packages].sort().map(describePackage))
  return [
    'aetherscale, and what it has in it: Node.js, koffi, and parts of the npm packages below, which are in its programs.',
    `aetherscale\n\n${ours.trim()}`,
    ...theirs,
  ].join(`\n\n${'-'.repeat(78)}\n\n`).concat('\n')
}

async function describePackage(folder: string): Promise<string> {
  const manifest = JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8')) as Record<string, unknown>
  const { name, version, license } = manifest
  const title = `${String(name)} ${String(version)}`
  const files = (await readdir(join(root, folder))).filter((file) => /^(licen[cs]e|copying|notice)(\.|-|$)/i.test(file)).sort()
  if (files.length === 0 && typeof license !== 'string') throw new Error(`${folder} does not say what its licence is`)
  const texts = await Promise.all(files.map(async (file) => (await readFile(join(root, folder, file), 'utf8')).trim()))
  return [title, ...(files.length > 0 ? texts : [`Licence: ${String(license)}. Author: ${describeAuthor(manifest['author'])}.`])].join('\n\n')
}

function describeAuthor(author: unknown): string {
  if (typeof author === 'string') return author
  const { name } = (author ?? {}) as { name?: string }
  return name ?? 'not named'
}
