import { readFileSync } from 'node:fs'
import t from 'tap'
import { errorTable } from '../../policy/errors.ts'
import { methods } from '../../policy/api/index.ts'
import { notifications } from '../../policy/api/events.ts'
import { renderReference } from '../../policy/reference.ts'

const page = renderReference()

/** The part of the page under this heading. */
function section(heading: string): string {
  const level = heading.split(' ')[0] ?? ''
  const from = page.indexOf(`\n${heading}\n`)
  const to = page.slice(from + 1).search(new RegExp(`\\n#{1,${level.length}} `))
  return from < 0 ? '' : page.slice(from, to < 0 ? undefined : from + 1 + to)
}

t.test('the committed page is the one that the table gives', async (t) => {
  t.equal(readFileSync(new URL('../../policy/REFERENCE.md', import.meta.url), 'utf8'), page)
})

t.test('every method has its section with its own errors and the params it takes', async (t) => {
  for (const [name, method] of Object.entries(methods)) {
    const text = section(`### ${name}`)
    t.match(text, method.summary, name)
    for (const error of method.errors) t.match(text, `\`${error}\``, `${name} tells ${error}`)
    for (const param of Object.keys(method.params.shape)) t.match(text, `| \`${param}\` |`, `${name} tells ${param}`)
  }
})

t.test('a param is told with type, default, unit and description', async (t) => {
  const text = section('### vm.create')
  t.match(text, '| `memoryMiB` | integer, 32 to 4194304 | `1024` | MiB | Memory of the guest |')
  t.match(text, '| `image` | [ImageName](#imagename) |  |  | Base image that the disk stands on |')
  t.match(text, '| `name` | [VmName](#vmname) | optional |')
})

t.test('every notification and every error is there, errors with code and exit status', async (t) => {
  for (const name of Object.keys(notifications)) t.not(section(`### ${name}`), '', name)
  const errors = section('## Errors')
  for (const [name, { code, exit }] of Object.entries(errorTable)) {
    t.match(errors, new RegExp(`\\| \`${name}\` \\| ${code} \\| \\d \\(${exit}\\) \\|`), name)
  }
})

t.test('every link leads to a heading of the page', async (t) => {
  const anchors = new Set([...page.matchAll(/^#+ (.*)$/gm)].map((match) => match[1]?.toLowerCase().replace(/[^\w-]/g, '')))
  for (const [, anchor] of page.matchAll(/\]\(#([^)]*)\)/g)) t.ok(anchors.has(anchor), `#${anchor}`)
})

t.test('every row of a table has as many cells as its head', async (t) => {
  for (const table of page.trimEnd().split('\n\n').filter((part) => part.startsWith('|'))) {
    const cells = table.split('\n').map((row) => row.replaceAll('\\|', '').split('|').length)
    t.equal(new Set(cells).size, 1, table.split('\n')[2] ?? table)
  }
})
