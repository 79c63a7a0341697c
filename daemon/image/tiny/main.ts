/**
 * Builds the tiny image from the command line. The image's path is all of stdout, progress goes to stderr. Exit status:
 * the table of policy/errors.ts; 130 and 143 when a signal ended it.
 */
import { parseArgs } from 'node:util'
import { errorTable, exitStatus, UserError } from '../../../policy/errors.ts'
import { buildTinyImage } from './build.ts'
import { defaultCacheFolder, ensureTinyImage } from './cached.ts'

const USAGE = `usage: node daemon/image/tiny/main.ts OUT.qcow2 [--cache DIR]   build the image
       node daemon/image/tiny/main.ts --cached [--cache DIR]    build it in the cache if it is not there`

process.exitCode = await main(process.argv.slice(2))

async function main(argv: readonly string[]): Promise<number> {
  const given = parse(argv)
  if (!given) {
    process.stderr.write(`${USAGE}\n`)
    return exitStatus.usage
  }
  const abort = new AbortController()
  const stop = (signal: NodeJS.Signals): void => {
    abort.abort(signal)
  }
  // Not once: a second signal (timeout(1) sends two) is not to cut the cleaning short.
  process.on('SIGINT', stop).on('SIGTERM', stop)
  const options = {
    cacheFolder: given.cache ?? defaultCacheFolder(process.env),
    signal: abort.signal,
    onProgress: (message: string) => process.stderr.write(`${message}\n`),
  }
  try {
    const { output } = given
    if (output !== undefined) await buildTinyImage({ ...options, output })
    process.stdout.write(`${output ?? (await ensureTinyImage(options))}\n`)
    return exitStatus.ok
  } catch (error) {
    if (abort.signal.aborted) return abort.signal.reason === 'SIGINT' ? 130 : 143
    if (!(error instanceof UserError)) throw error
    process.stderr.write(`${error.message}\n${error.data.hint === undefined ? '' : `${error.data.hint}\n`}`)
    return exitStatus[errorTable[error.data.name].exit]
  }
}

function parse(argv: readonly string[]): { output?: string; cache?: string } | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: { cache: { type: 'string' }, cached: { type: 'boolean', default: false } },
      allowPositionals: true,
    })
    const [output, ...more] = positionals
    if (more.length > 0 || (output === undefined) !== values.cached) return undefined
    return { ...(output !== undefined && { output }), ...(values.cache !== undefined && { cache: values.cache }) }
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}
