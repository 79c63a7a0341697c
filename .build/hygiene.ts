/** What no file of the repository may hold: traces of the machine that it was written on. Pure. */

export interface SourceFile {
  readonly path: string
  readonly text: string
}

/** A file longer than this wants to be two. */
const LONG_LINES = 250

/**
 * `traces` are texts of this machine, such as the checkout's own path or the host of its package mirror. Complaints are
 * `path:line: what`; warnings never fail.
 */
export function inspectFiles(
  files: readonly SourceFile[],
  traces: readonly string[],
): { complaints: string[]; warnings: string[] } {
  const complaints: string[] = []
  const warnings: string[] = []
  for (const { path, text } of files) {
    if (text.includes('\0')) continue
    const lines = text.split('\n')
    for (const [index, line] of lines.entries()) {
      for (const what of findTraces(line, path, traces)) complaints.push(`${path}:${index + 1}: ${what}`)
    }
    const isSource = /\.(ts|tsx|mjs|sh)$/.test(path)
    if (isSource && lines.length - 1 > LONG_LINES) warnings.push(`${path}: ${lines.length - 1} lines`)
  }
  return { complaints, warnings }
}

function findTraces(line: string, path: string, traces: readonly string[]): string[] {
  const found = traces.filter((trace) => holdsName(line, trace)).map((trace) => `a trace of this machine: ${trace}`)
  if (path === 'package-lock.json' && line.includes('"resolved"')) found.push('the address of a package registry')
  if (/^(<{7}|>{7}) /.test(line)) found.push('a merge conflict')
  return found
}

/** Not as the beginning of a longer name: a guest's /root/aetherscale-init.done says nothing of a checkout that root has at home. */
function holdsName(line: string, name: string): boolean {
  return line.split(name).slice(1).some((rest) => !/^[\w-]/.test(rest))
}
