/**
 * The builder as a daemon runs it. stdin carries nothing: it ends when the daemon has the image, does not want it any more,
 * or was killed; then whatever the builder has made goes. A signal would not do, for systemd may be between the two.
 */
import { exitStatus } from '../../../policy/errors.ts'
import { buildDisk } from './build.ts'
import { describeError, formatMessage, type Message } from './messages.ts'
import type { BuildOptions, Recipe } from './recipe.ts'

/** Programs are killed and their work is removed in less; should that hang, the next build removes it. */
const CLEANED_WITHIN_MS = 60_000

interface Daemon {
  readonly stdin: NodeJS.ReadableStream
  readonly stdout: NodeJS.WritableStream
}

/** Builds, tells where the raw disk is and keeps it until stdin ends. Answers the exit status; throws defects. */
export async function buildAttached(recipe: Recipe, options: BuildOptions, { stdin, stdout }: Daemon): Promise<number> {
  const abort = new AbortController()
  const say = (message: Message): void => {
    stdout.write(formatMessage(message))
  }
  const gone = new Promise<void>((resolve) => {
    const leave = (): void => {
      abort.abort(new Error('the daemon has left'))
      setTimeout(() => process.exit(exitStatus.failed), CLEANED_WITHIN_MS).unref()
      resolve()
    }
    stdin.on('end', leave).on('error', leave).resume()
    // Nobody reads what is said any more.
    stdout.on('error', leave)
  })
  try {
    const signal = AbortSignal.any([options.signal, abort.signal])
    const onProgress = (doing: string, fraction?: number): void => {
      say({ doing, ...(fraction !== undefined && { fraction }) })
    }
    await buildDisk(recipe, { ...options, signal, onProgress }, async (disk) => {
      say({ disk })
      await gone
    })
    return exitStatus.ok
  } catch (error) {
    if (abort.signal.aborted) return exitStatus.failed
    const message = describeError(error)
    if (!message) throw error
    say(message)
    return exitStatus.failed
  }
}
