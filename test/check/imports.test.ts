import t from 'tap'
import { findCycles, findForbiddenImports } from '../../.build/imports/rules.ts'
import { scanImports } from '../../.build/imports/scan.ts'

function graph(files: Readonly<Record<string, string>>) {
  return new Map(Object.entries(files).map(([path, text]) => [path, scanImports(path, text)]))
}

t.test('every way to name a module is seen', async (t) => {
  const text = [
    "import a from './a.ts'",
    "import type { B } from './b.ts'",
    "export * from './c.ts'",
    "export type { D } from './d.ts'",
    "const e = await import('./e.ts')",
    "let f: import('./f.ts').F",
    "import './g.ts'",
    "const text = \"import h from './h.ts'\" // import './i.ts'",
  ].join('\n')
  t.same(scanImports('x.ts', text), [
    { specifier: './a.ts', line: 1, isType: false, isLazy: false },
    { specifier: './b.ts', line: 2, isType: true, isLazy: false },
    { specifier: './c.ts', line: 3, isType: false, isLazy: false },
    { specifier: './d.ts', line: 4, isType: true, isLazy: false },
    { specifier: './e.ts', line: 5, isType: false, isLazy: true },
    { specifier: './f.ts', line: 6, isType: true, isLazy: false },
    { specifier: './g.ts', line: 7, isType: false, isLazy: false },
  ])
})

t.test('what flows against tui → daemon → helper is refused, types and lazy imports too', async (t) => {
  const forbidden: [string, string][] = [
    ['policy/x.ts', "import '../daemon/main.ts'"],
    ['policy/x.ts', "import 'node:fs'"],
    ['policy/api/x.ts', "import 'pino'"],
    ['helper/x.ts', "import 'zod'"],
    ['helper/x.ts', "import type { X } from '../daemon/x.ts'"],
    ['daemon/x.ts', "import '../tui/x.ts'"],
    ['daemon/rpc/x.ts', "import('../../helper/x.ts')"],
    ['daemon/x.ts', "import 'fs'"],
    ['tui/x.ts', "import type { X } from '../daemon/x.ts'"],
    ['tui/cli/x.ts', "export * from '../../helper/x.ts'"],
    ['tui/x.tsx', "import * as z from 'zod'"],
    ['tui/x.ts', "import '../test/fakes/x.ts'"],
  ]
  for (const [path, text] of forbidden) {
    t.match(findForbiddenImports(graph({ [path]: text })), [new RegExp(`^${path}:1: `)], `${path}: ${text}`)
  }
})

t.test('what the design allows is allowed', async (t) => {
  const allowed: [string, string][] = [
    ['policy/api/x.ts', "import * as z from 'zod'; import './y.ts'; import '../names.ts'"],
    ['helper/x.ts', "import 'node:net'; import 'zod/mini'; import '../policy/names.ts'; import './y.ts'"],
    ['daemon/x.ts', "import 'zod'; import 'pino'; import '../policy/names.ts'; import '../package.json'"],
    ['tui/x.tsx', "import 'ink'; import type * as z from 'zod'; import '../policy/names.ts'"],
    ['test/x.ts', "import '../tui/x.ts'; import '../daemon/x.ts'; import '../helper/x.ts'"],
  ]
  for (const [path, text] of allowed) t.same(findForbiddenImports(graph({ [path]: text })), [], `${path}: ${text}`)
})

t.test('files that load one another in a ring are found', async (t) => {
  const ring = { 'daemon/a.ts': "import './rpc/b.ts'", 'daemon/rpc/b.ts': "import '../c.ts'", 'daemon/c.ts': "import './a.ts'" }
  t.same(findCycles(graph(ring)), ['daemon/a.ts → daemon/rpc/b.ts → daemon/c.ts → daemon/a.ts'])
  t.same(findCycles(graph({ ...ring, 'daemon/c.ts': "import type { A } from './a.ts'" })), [], 'a type loads nothing')
  t.same(findCycles(graph({ ...ring, 'daemon/c.ts': "import('./a.ts')" })), [], 'a lazy import breaks the ring')
})
