/**
 * `aetherscale-image`: builds images. The path of what was built is all of stdout, progress goes to stderr; attached to a
 * daemon it speaks to it instead (attached.ts). Exit status: the table of policy/errors.ts; 130 and 143 when a signal ended it.
 */
import { parseArgs } from 'node:util'
import { errorTable, exitStatus, UserError } from '../../../policy/errors.ts'
import { debianRecipe } from '../debian/build.ts'
import { readHostRelease, USUAL_SUITE } from '../debian/sources.ts'
import { tinyRecipe } from '../tiny/build.ts'
import { buildImage } from './build.ts'
import { defaultCacheFolder, ensureImage } from './cached.ts'
import type { Recipe } from './recipe.ts'

const USAGE = `usage: aetherscale-image tiny|debian OUT.qcow2 [--suite NAME] [--cache DIR]   build the image
       aetherscale-image tiny|debian --cached [--suite NAME] [--cache DIR]    build it in the cache if it is not there

  --suite NAME  the release of Debian, for the image "debian": the host's where that is Debian, else ${USUAL_SUITE}
  --cache DIR   keeps the packages (~/.cache/aetherscale)
`

process.exitCode = await main(process.argv.slice(2))

interface Order {
  readonly kind: string
  readonly output?: string
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
    if (output !== undefined) await buildImage(recipe, { ...options, output })
    process.stdout.write(`${output ?? (await ensureImage(recipe, options))}\n`)
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
  if (kind === 'debian') return debianRecipe(suite ?? (host.isDebian ? host.codename : USUAL_SUITE), host)
  return undefined
}

function parse(argv: readonly string[]): Order | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: { cache: { type: 'string' }, suite: { type: 'string' }, cached: { type: 'boolean', default: false } },
      allowPositionals: true,
    })
    const { cached, ...more } = values
    const [kind, output, ...others] = positionals
    if (kind === undefined || others.length > 0 || (output === undefined) !== cached) return undefined
    return { kind, ...(output !== undefined && { output }), ...more }
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}
