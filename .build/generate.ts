/**
 * Writes the files that are derived from the method table and committed: `npm run generate`. With `--check` it writes
 * nothing and fails where one is not what it should be.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { methods } from '../policy/api/index.ts'
import { renderReference } from '../policy/reference.ts'
import { deriveCommands } from '../tui/cli/derive.ts'

const generated: Readonly<Record<string, () => string>> = {
  'policy/REFERENCE.md': renderReference,
  'tui/cli/commands.generated.json': () => `${JSON.stringify(deriveCommands(methods), null, 2)}\n`,
}

for (const [path, render] of Object.entries(generated)) {
  const file = fileURLToPath(new URL(`../${path}`, import.meta.url))
  const wanted = render()
  const found = await readFile(file, 'utf8').catch(() => undefined)
  if (found === wanted) continue
  if (process.argv.includes('--check')) {
    console.error(describeDifference(path, found, wanted))
    process.exitCode = 1
  } else {
    await writeFile(file, wanted)
    console.log(`wrote ${path}`)
  }
}

/** The first line that differs, in the form of a diff. */
function describeDifference(path: string, found: string | undefined, wanted: string): string {
  if (found === undefined) return `${path} is not there: npm run generate`
  const [before, after] = [found.split('\n'), wanted.split('\n')]
  const at = after.findIndex((line, index) => line !== before[index])
  const line = at < 0 ? after.length : at
  return `${path} is out of date: npm run generate\n@@ line ${line + 1} @@\n-${before[line] ?? ''}\n+${after[line] ?? ''}`
}
