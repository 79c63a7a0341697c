import { join } from 'node:path'
import t from 'tap'
import { bundleTap } from '../../.build/tests/bundle-tap.ts'
import { runTestFile } from '../../.build/tests/run-file.ts'

const TEXT = `import t from 'tap'
t.test('where it is from', (t) => {
  t.comment(import.meta.resolve('tap'))
  t.match(import.meta.resolve('tap'), process.env['WANTED'])
  t.end()
})
t.test('differs', (t) => {
  t.same({ a: 1, b: [1, 2] }, { a: 1, b: [1, 3] }, 'not the same')
  t.end()
})
t.test('throws', async () => {
  throw new TypeError('so it was')
})
t.test('element', (t) => {
  t.same({ $$typeof: Symbol.for('react.element'), type: 'b', key: null, ref: null, props: { children: 'x' } }, 'y', { compareOptions: { reactString: true } })
  t.end()
})
t.test('left out', { skip: 'for a reason' }, (t) => t.end())
`

t.test('a file that has tap as one bundle tells the same as with tap as it is installed', async (t) => {
  const root = t.testdir({ 'x.test.ts': TEXT })
  const preload = await bundleTap(join(root, 'bundle'))
  const run = async (wanted: string, more: { preload?: string } = {}) => {
    process.env['WANTED'] = wanted
    return await runTestFile('x.test.ts', { root, timeoutMs: 60_000, ...more })
  }
  const plain = await run('/node_modules/tap/dist/')
  const bundled = await run('/node_modules/@tapjs/bundle/index.mjs', { preload })
  t.match(plain, [
    { name: 'where it is from', result: 'passed' },
    { name: 'differs', result: 'failed', detail: /x\.test\.ts:8/ },
    { name: 'throws', result: 'failed', detail: /so it was/ },
    { name: 'element', result: 'failed' },
    { name: 'left out', result: 'skipped' },
  ])
  t.strictSame(bundled, plain)
})
