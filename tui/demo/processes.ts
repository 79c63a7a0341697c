/** The two programs that the demo runs: the tiny image's builder and the daemon. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { connect, type Client } from '../client.ts'

const programs = join(import.meta.dirname, '..', '..', 'daemon')

/** Builds the tiny image, or finds it built; answers its path. */
export async function buildImage(say: (line: string) => void, signal: AbortSignal): Promise<string> {
  const builder = spawn(process.execPath, [join(programs, 'image', 'builder', 'main.ts'), 'tiny', '--cached'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  })
  let path = ''
  builder.stdout.on('data', (chunk: Buffer) => (path += chunk.toString()))
  builder.stderr.on('data', (chunk: Buffer) => {
    for (const line of chunk.toString().trimEnd().split('\n')) say(`    ${line}`)
  })
  const [status] = (await once(builder, 'close')) as [number | null]
  if (status !== 0) throw new Error(`the builder of the tiny image ended with status ${status ?? 'by a signal'}`)
  return path.trim()
}

/** Ends the QEMUs below `root` that a daemon left which did not live to end them itself. */
export function endLeftovers(root: string): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      if (argv.startsWith('qemu-system-') && argv.includes(`\0-pidfile\0${root}/`)) process.kill(Number(pid), 'SIGKILL')
    } catch {
      // It has ended meanwhile.
    }
  }
}

export interface DaemonProcess {
  readonly pid: number
  isRunning(): boolean
  lastWords(): string
  /** Resolves when it takes a connection. */
  connect(): Promise<Client>
  /** Ends it and resolves when it is gone. */
  stop(): Promise<void>
  /** Lets it outlive this process. */
  detach(): void
}

const READY_WITHIN_MS = 30_000

/** Starts a daemon below `root`. What it answers at once can be stopped at once. */
export function startDaemon(root: string, sockets: string): DaemonProcess {
  mkdirSync(root, { recursive: true })
  const logFile = join(root, 'daemon.log')
  const log = openSync(logFile, 'a')
  // A session of its own: an interrupt at the terminal is for the demo to act on.
  const child = spawn(process.execPath, [join(programs, 'main.ts'), '--root', root], {
    detached: true,
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null
  const lastWords = (): string => readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-5).join('\n')
  return {
    pid: child.pid ?? 0,
    isRunning,
    lastWords,
    async connect() {
      for (const begin = performance.now(); ; await delay(20)) {
        if (!isRunning()) throw new Error('the daemon ended at once')
        const client = await connect({ directory: sockets, env: {}, access: 'control' }).catch(() => undefined)
        if (client) return client
        if (performance.now() - begin > READY_WITHIN_MS) throw new Error('the daemon does not answer')
      }
    },
    async stop() {
      if (!isRunning()) return
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    },
    detach() {
      child.unref()
    },
  }
}
