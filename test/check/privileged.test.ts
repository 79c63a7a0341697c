/** How much runs with a privilege: small enough to be read in one sitting, and to be loaded without a second thought. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import t from 'tap'
import { helper, root } from '../../.build/programs.ts'

const MOST_BYTES = 100_000
const MOST_LINES = 600

const { metafile } = await build({ ...helper.options, write: false, metafile: true, outdir: 'dist' })
const inputs = Object.keys(metafile.inputs)
const bytes = Object.values(metafile.outputs).reduce((sum, output) => sum + output.bytes, 0)
const own = inputs.filter((path) => !path.startsWith('node_modules/'))
const lines = own.reduce((sum, path) => sum + countLines(readFileSync(join(root, path), 'utf8')), 0)

t.test(`the helper's bundle has ${bytes} bytes, at most ${MOST_BYTES}`, async (t) => {
  t.ok(bytes <= MOST_BYTES)
})

t.test(`${lines} lines of our own run with the privilege, at most ${MOST_LINES}`, async (t) => {
  t.ok(lines <= MOST_LINES)
  t.same(own.filter((path) => !/^(helper|policy)\//.test(path)), [], 'all of them in helper/ and policy/')
})

t.test('of others it loads zod/mini alone', async (t) => {
  const packages = new Set(inputs.filter((path) => path.startsWith('node_modules/')).map((path) => path.split('/')[1]))
  t.same([...packages], ['zod'])
  t.notOk(inputs.some((path) => path.includes('zod/v4/classic')), 'and not its large form')
})

t.test('the unit runs it with the flags that the tests use', async (t) => {
  const unit = readFileSync(join(root, 'helper/install/aetherscale-net.service'), 'utf8')
  t.match(unit, new RegExp(`^ExecStart=\\S+/node ${helper.nodeFlags.join(' ')} \\S+/${helper.name}\\.js$`, 'm'))
})

/** Blank lines and comments aside. */
function countLines(text: string): number {
  return text.split('\n').filter((line) => !/^\s*($|\/\/|\/\*|\*)/.test(line)).length
}
