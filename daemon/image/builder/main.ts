/**
 * `aetherscale-image`: builds images. The path of what was built is all of stdout, progress goes to stderr; attached to a
 * daemon it speaks to it instead (attached.ts). Exit status: the table of policy/errors.ts; 130 and 143 when a signal ended it.
 */
import { parseArgs } from 'node:util'
import { errorTable, exitStatus, UserError } from '../../../policy/errors.ts'
import { debianRecipe } from '../debian/build.ts'
import { readHostRelease, USUAL_SUITE } from '../debian/sources.ts'
import { tinyRecipe } from '../tiny/build.ts'
import { buildAttached } from './attached.ts'
import { buildImage } from './build.ts'
import { defaultCacheFolder, ensureImage } from './cached.ts'
import type { Recipe } from './recipe.ts'

/** Packages that were fetched longer ago may have had their mistakes mended since. */
const FRESH_FOR_MS = 86_400_000

const USAGE = `usage: aetherscale-image tiny|debian OUT.qcow2 [--suite NAME] [--cache DIR]   build the image
       aetherscale-image tiny|debian --cached [--suite NAME] [--cache DIR]    build it in the cache if it is not there
       aetherscale-image tiny|debian --attached [--suite NAME] [--cache DIR]  as a daemon runs it

  --suite NAME  the release of Debian, for the image "debian": the host's where that is Debian, else ${USUAL_SUITE}
  --cache DIR   keeps the packages (~/.cache/aetherscale)
`

// The guest's files are for everyone in the guest, whoever builds.
process.umask(0o022)
process.exitCode = await main(process.argv.slice(2))

interface Order {
  readonly kind: string
  /** A path, or what else to do. */
  readonly output: { readonly path: string } | 'cached' | 'attached'
  readonly suite?: string
  readonly cache?: string
}

async function main(argv: readonly string[]): Promise<number> {
  const order = parse(argv)
  const recipe = order && (await chooseRecipe(order))
  if (!recipe) {
    process.stderr.write(USAGE)
    return exitStatus.usage
  }
  const abort = new AbortController()
  const stop = (signal: NodeJS.Signals): void => {
    abort.abort(signal)
  }
  // Not once: a second signal (timeout(1) sends two) is not to cut the cleaning short.
  process.on('SIGINT', stop).on('SIGTERM', stop)
  const options = {
    cacheFolder: order.cache ?? defaultCacheFolder(process.env),
    signal: abort.signal,
    onProgress: (message: string) => process.stderr.write(`${message}\n`),
  }
  try {
    const { output } = order
    if (output === 'attached') return await buildAttached(recipe, { ...options, freshForMs: FRESH_FOR_MS }, process)
    if (output !== 'cached') await buildImage(recipe, { ...options, freshForMs: FRESH_FOR_MS, output: output.path })
    process.stdout.write(`${output === 'cached' ? await ensureImage(recipe, options) : output.path}\n`)
    return exitStatus.ok
  } catch (error) {
    if (abort.signal.aborted) return abort.signal.reason === 'SIGINT' ? 130 : 143
    if (!(error instanceof UserError)) throw error
    process.stderr.write(`${error.message}\n${error.data.hint === undefined ? '' : `${error.data.hint}\n`}`)
    return exitStatus[errorTable[error.data.name].exit]
  }
}

async function chooseRecipe({ kind, suite }: Order): Promise<Recipe | undefined> {
  const host = await readHostRelease()
  if (kind === 'tiny' && suite === undefined) return tinyRecipe(host.codename)
  if (kind === 'debian' && (suite === undefined || /^[a-z]+$/.test(suite))) return debianRecipe(suite ?? (host.isDebian ? host.codename : USUAL_SUITE), host)
  return undefined
}

function parse(argv: readonly string[]): Order | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: { cache: { type: 'string' }, suite: { type: 'string' }, cached: { type: 'boolean' }, attached: { type: 'boolean' } },
      allowPositionals: true,
    })
    const { cached, attached, ...more } = values
    const [kind, path, ...others] = positionals
    const outputs = [path === undefined ? [] : { path }, cached ? 'cached' : [], attached ? 'attached' : []] as const
    const [output, ...contradictions] = outputs.flat()
    if (kind === undefined || output === undefined || contradictions.length + others.length > 0) return undefined
    return { kind, output, ...more }
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}
