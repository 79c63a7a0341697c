/**
 * Runs the builder of images, a program of its own: it is minutes of work, and must not hold up who asks the daemon
 * meanwhile. It ends, and removes what it has made, when its stdin ends, which a daemon that is killed does not have to see to.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { UserError } from '../../policy/errors.ts'
import { findCompanion } from '../companion.ts'
import type { Config } from '../config.ts'
import { childEnvironment, findProgram } from '../service/environment.ts'
import type { ServiceManager } from '../service/manager.ts'
import { parseMessage } from './builder/messages.ts'

export interface BuilderPlace {
  readonly node: string
  /** The path of the builder. */
  readonly program: string
  readonly cacheFolder: string
  /**
   * Where the user's systemd has its sockets, if it is to run the builder: the daemon's own unit may not make the namespaces
   * that an image's files take, and what it starts may not either. Otherwise the builder is a child of the daemon.
   */
  readonly userRuntime: string | undefined
}

/** For a daemon whose VMs are kept by this kind of service manager. */
export function placeBuilder({ cacheFolder, userManager }: Config, services: ServiceManager['kind']): BuilderPlace {
  return {
    node: process.execPath,
    program: findCompanion({ source: 'image/builder/main.ts', bundle: 'aetherscale-image.js' }),
    cacheFolder,
    userRuntime: services === 'systemd' ? userManager?.runtime : undefined,
  }
}

export interface BuildOrder {
  readonly kind: 'tiny' | 'debian'
  readonly suite: string | undefined
}

export interface BuildHooks<T> {
  readonly onProgress: (message: string, fraction?: number) => void
  /** Ends the build when it is aborted. */
  readonly signal: AbortSignal
  /** Takes the raw disk, which is gone when this has ended. */
  readonly use: (disk: string) => Promise<T>
}

/** What the builder prints besides, of which the end is kept. */
const LAST_WORDS = 2000

/** Answers what `use` does. Throws what it throws, and UserError IMAGE_BUILD_FAILED, PROGRAM_MISSING, NO_SPACE, HOST_IO. */
export async function runBuilder<T>(place: BuilderPlace, order: BuildOrder, { onProgress, signal, use }: BuildHooks<T>): Promise<T> {
  const [program, ...args] = builderArgv(place, order)
  const env = { ...childEnvironment(), ...(place.userRuntime !== undefined && { XDG_RUNTIME_DIR: place.userRuntime }) }
  const child = spawn(findProgram(program), args, { env, stdio: ['pipe', 'pipe', 'pipe'] })
  // A builder that has ended already does not read that it may.
  child.stdin.on('error', () => undefined)
  const leave = (): void => {
    child.stdin.end()
  }
  const ended = once(child, 'close')
  signal.addEventListener('abort', leave)
  if (signal.aborted) leave()
  try {
    const words = keepLastWords(child.stderr)
    const disk = await readDisk(child, onProgress)
    if (disk === undefined) {
      await ended
      throw new UserError('IMAGE_BUILD_FAILED', describeEnd(signal.aborted, words(), child.exitCode))
    }
    return await use(disk)
  } finally {
    signal.removeEventListener('abort', leave)
    leave()
    await ended
  }
}

/** PURE: the command, program first. */
export function builderArgv({ node, program, cacheFolder, userRuntime }: BuilderPlace, { kind, suite }: BuildOrder): [string, ...string[]] {
  const own = [node, program, kind, '--attached', '--cache', cacheFolder, ...(suite === undefined ? [] : ['--suite', suite])] as const
  if (userRuntime === undefined) return [...own]
  const unit = ['--property=UMask=0022', '--property=SyslogIdentifier=aetherscale-image', '--description=aetherscale: builds an image']
  return ['systemd-run', '--user', '--quiet', '--pipe', '--wait', '--collect', ...unit, '--', ...own]
}

type Builder = ChildProcessByStdio<Writable, Readable, Readable>

/** The path of the disk; `undefined` where the builder ends without one and without a word. Throws the error that it tells. */
async function readDisk(child: Builder, onProgress: (message: string, fraction?: number) => void): Promise<string | undefined> {
  for await (const line of createInterface({ input: child.stdout })) {
    const message = parseMessage(line)
    if (message === undefined) continue
    if ('disk' in message) return message.disk
    if ('doing' in message) onProgress(message.doing, message.fraction)
    else throw new UserError(message.error.name, message.error.message, { ...(message.error.hint !== undefined && { hint: message.error.hint }) })
  }
  return undefined
}

function keepLastWords(stream: Readable): () => string {
  let kept = ''
  stream.setEncoding('utf8').on('data', (text: string) => {
    kept = (kept + text).slice(-LAST_WORDS)
  })
  return () => kept.trim().split('\n').slice(-3).join('; ')
}

function describeEnd(isAborted: boolean, words: string, status: number | null): string {
  if (isAborted) return 'The build was ended, for nobody waited for it any more'
  return `The builder ended with ${status === null ? 'a signal' : `status ${status}`}${words && `: ${words}`}`
}
