/** Which part may import what: data flows one way, tui → daemon → helper, and policy is what all of them share. */
import { dirname, join } from 'node:path/posix'
import { isBuiltin } from 'node:module'
import type { Import } from './scan.ts'

/** Files by their path in the repository, with what they import. */
export type ImportGraph = ReadonlyMap<string, readonly Import[]>

interface Rule {
  /** Folders of the repository, besides its own. */
  readonly folders: readonly string[]
  /** Packages, or one module of a package; `any` for whatever package.json lists, types only for those in `types`. */
  readonly packages: 'any' | readonly string[]
  /** Packages whose types alone may be imported. */
  readonly types?: readonly string[]
  readonly reason: string
}

const rules: Readonly<Record<string, Rule>> = {
  policy: { folders: [], packages: ['zod'], reason: 'policy is shared by all programs and imports zod alone' },
  helper: { folders: ['policy'], packages: ['zod/mini'], reason: 'the privileged program imports policy, zod/mini and node: alone' },
  daemon: { folders: ['policy'], packages: 'any', reason: 'the daemon serves clients and does not know them' },
  tui: {
    folders: ['policy'],
    packages: 'any',
    types: ['zod'],
    reason: 'a client knows the contracts alone, and validating is the daemon\'s work',
  },
}

/** What is forbidden, as `path:line: specifier: reason`. Tests and build scripts may import anything. */
export function findForbiddenImports(graph: ImportGraph): string[] {
  const complaints: string[] = []
  for (const [path, imports] of graph) {
    const part = path.split('/')[0] ?? ''
    const rule = rules[part]
    if (!rule) continue
    for (const found of imports) {
      if (!isAllowed(found, path, part, rule)) {
        complaints.push(`${path}:${found.line}: ${found.specifier}: ${rule.reason}`)
      }
    }
  }
  return complaints
}

function isAllowed({ specifier, isType }: Import, path: string, part: string, rule: Rule): boolean {
  if (specifier.startsWith('.')) {
    const target = join(dirname(path), specifier).split('/')[0] ?? ''
    // the version in package.json is everybody's
    return target === part || target === 'package.json' || rule.folders.includes(target)
  }
  if (specifier.startsWith('node:')) return part !== 'policy'
  if (isBuiltin(specifier)) return false
  const name = specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/')
  if (rule.types?.includes(name) && !isType) return false
  return rule.packages === 'any' || rule.packages.includes(name) || rule.packages.includes(specifier)
}

/** Rings of files that load one another, each as `a → b → a`. Types and lazy imports do not count: they load nothing. */
export function findCycles(graph: ImportGraph): string[] {
  const cycles: string[] = []
  const done = new Set<string>()
  const trail: string[] = []
  const visit = (path: string) => {
    const at = trail.indexOf(path)
    if (at >= 0) return void cycles.push([...trail.slice(at), path].join(' → '))
    if (done.has(path)) return
    trail.push(path)
    for (const { specifier, isType, isLazy } of graph.get(path) ?? []) {
      const target = join(dirname(path), specifier)
      if (specifier.startsWith('.') && !isType && !isLazy && graph.has(target)) visit(target)
    }
    trail.pop()
    done.add(path)
  }
  for (const path of graph.keys()) visit(path)
  return cycles
}
