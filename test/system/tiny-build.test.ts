import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { buildImage } from '../../daemon/image/builder/build.ts'
import { tinyRecipe } from '../../daemon/image/tiny/build.ts'
import { readHostRelease } from '../../daemon/image/debian/sources.ts'
import { copyTinyPackages, ensureTinyImage } from './tiny-image.ts'

// Several builds, each of which may take minutes on a busy machine.
t.setTimeout(1_800_000)

const program = join(import.meta.dirname, '..', '..', 'daemon', 'image', 'builder', 'main.ts')
const recipe = tinyRecipe((await readHostRelease()).codename)
const NOBODY = 65_534

/** A folder with a cache in it that has the packages and nothing else; gone when the test ends. */
async function makeFolder(t: Test): Promise<{ folder: string; cache: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'aetherscale-build-'))
  t.teardown(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  const cache = join(folder, 'cache')
  await copyTinyPackages(cache)
  return { folder, cache }
}

function traces(cache: string): string[] {
  return readdirSync(cache).filter((name) => !name.startsWith('packages'))
}

t.test('the same packages make the same bytes, whoever builds, wherever and with whatever umask', async (t) => {
  const { folder, cache } = await makeFolder(t)
  const output = join(folder, 'out.qcow2')
  const own = ['sh', '-c', 'umask 077; exec "$@"', 'sh', process.execPath, program, 'tiny', output, '--cache', cache]
  const isRoot = process.getuid?.() === 0
  if (isRoot) execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, folder])
  const asNobody = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups']
  const [first = '', ...rest] = isRoot && canNobodyRead() ? [...asNobody, ...own] : own
  const printed = execFileSync(first, rest, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
  t.equal(printed, `${output}\n`)
  t.ok(readFileSync(output).equals(readFileSync(await ensureTinyImage())))
  t.same(traces(cache), [], 'nothing is left in the cache but the packages')
})

/** Whether the sources, and Node, are where another user gets at them. */
function canNobodyRead(): boolean {
  const check = ['--reuid', String(NOBODY), '--regid', String(NOBODY), '--clear-groups', process.execPath, '--check', program]
  return spawnSync('setpriv', check).status === 0
}

t.test('a build that is aborted at any step leaves no image and no work', async (t) => {
  const { folder, cache } = await makeFolder(t)
  const output = join(folder, 'out.qcow2')
  const steps = ['unpacking', 'making the root file system', 'writing the qcow2']
  for (const step of steps) {
    const abort = new AbortController()
    const reason = new Error(`enough: ${step}`)
    const onProgress = (message: string): void => {
      if (message === step) abort.abort(reason)
    }
    await t.rejects(buildImage(recipe, { output, cacheFolder: cache, onProgress, signal: abort.signal }), reason)
    t.notOk(existsSync(output))
    t.same(readdirSync(folder), ['cache'])
    t.same(traces(cache), [])
  }
})

t.test('a package that is cut short is not believed', async (t) => {
  const { folder, cache } = await makeFolder(t)
  const store = join(cache, 'packages')
  const victim = readdirSync(store).find((name) => name.startsWith('busybox')) ?? ''
  truncateSync(join(store, victim), 1000)
  const messages: string[] = []
  const abort = new AbortController()
  const onProgress = (message: string): void => {
    messages.push(message)
    abort.abort(new Error('seen'))
  }
  const options = { output: join(folder, 'out.qcow2'), cacheFolder: cache, onProgress, signal: abort.signal }
  await t.rejects(buildImage(recipe, options), { message: 'seen' })
  t.same(messages, ["fetching the lists of Debian's packages"])
})

t.test('the command line is checked', async (t) => {
  for (const args of [[], ['tiny'], ['huge', 'out'], ['tiny', 'a', 'b'], ['tiny', '--cached', 'a'], ['tiny', 'a', '--suite', 'b'], ['debian', 'a', '--suite', 'B/'], ['--what']]) {
    const { status, stderr, stdout } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' })
    t.equal(status, 2, args.join(' '))
    t.match(stderr, /^usage: /)
    t.equal(stdout, '')
  }
})

t.test('a place where nothing can be written is told', async (t) => {
  const args = [program, 'tiny', join(t.testdirName, 'out.qcow2'), '--cache', join(program, 'nowhere')]
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  t.equal(status, 1)
  t.match(stderr, /^The image cannot be built: .*nowhere/)
})
