/** A real daemon in a folder of its own, for the system tests. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import { connect, type Client } from '../../tui/client.ts'
import type { Namespace } from '../helper/namespace.ts'

const program = join(import.meta.dirname, '..', '..', 'daemon', 'main.ts')
/** Machines that run tests are slow and busy; this only bounds waits that should end long before. */
const WITHIN_MS = 240_000

export interface TestDaemon {
  readonly root: string
  readonly sockets: string
  /** A connection to control.sock, made anew after each {@link start}. */
  readonly client: Client
  /** Starts it (again) and connects. */
  start(): Promise<void>
  /** SIGTERM, and waits for its end. */
  stop(): Promise<void>
  /** SIGKILL, and waits for its end. */
  kill(): Promise<void>
  log(): string
  /** Pids of QEMUs that have this daemon's folder on their command line, and of tincds. */
  qemus(): number[]
  tincds(): number[]
}

/**
 * Makes the folder, starts a daemon in it, and takes both away with every QEMU when the test ends. Its host's network is
 * that of `namespace`, where one is given.
 */
export async function startTestDaemon(
  t: Test,
  env: Record<string, string> = {},
  namespace?: Pick<Namespace, 'enter'>,
): Promise<TestDaemon> {
  const root = mkdtempSync(join(tmpdir(), 'aetherscale-test-'))
  const sockets = join(root, 'run')
  const logFile = join(root, 'daemon.log')
  let child: ChildProcess | undefined
  let client: Client | undefined

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    client?.close()
    if (child?.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }

  const daemon: TestDaemon = {
    root,
    sockets,
    get client() {
      if (!client) throw new Error('the daemon was not started')
      return client
    },
    async start() {
      const log = openSync(logFile, 'a')
      const argv = [process.execPath, program, '--root', root] as const
      const [file, args] = namespace ? namespace.enter(...argv) : [argv[0], argv.slice(1)]
      child = spawn(file, args, {
        stdio: ['ignore', log, log],
        env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'], LOG_LEVEL: 'debug', AETHERSCALE_ACCEL: 'tcg', ...env },
      })
      closeSync(log)
      client = await waitForSocket(sockets, child, daemon)
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    log: () => (existsSync(logFile) ? readFileSync(logFile, 'utf8') : ''),
    qemus: () => findProcesses('qemu-system', root),
    tincds: () => findProcesses('tincd', root),
  }

  t.teardown(async () => {
    await end('SIGKILL')
    for (const pid of [...daemon.qemus(), ...daemon.tincds()]) process.kill(pid, 'SIGKILL')
    rmSync(root, { recursive: true, force: true })
  })
  await daemon.start()
  return daemon
}

async function waitForSocket(sockets: string, child: ChildProcess, daemon: TestDaemon): Promise<Client> {
  for (const begin = performance.now(); performance.now() - begin < WITHIN_MS; await delay(10)) {
    if (child.exitCode !== null) break
    const client = await connect({ directory: sockets, env: {}, access: 'control' }).catch(() => undefined)
    // The socket of a daemon that was killed still lies there; only an answer tells that a daemon is behind it.
    const answer = await client?.call('system.info', {}).catch(() => undefined)
    if (client && answer) return client
  }
  throw new Error(`the daemon does not answer:\n${daemon.log()}`)
}

function findProcesses(program: string, root: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
        return argv.split('\0')[0]!.includes(program) && argv.includes(`${root}/`)
      } catch {
        return false
      }
    })
    .map(Number)
}

/** Waits until `isTrue`, looking often; throws after the bound, and says what was waited for, as it is by then. */
export async function eventually(isTrue: () => boolean | Promise<boolean>, what: string | (() => string)): Promise<void> {
  for (const begin = performance.now(); performance.now() - begin < WITHIN_MS; await delay(20)) if (await isTrue()) return
  throw new Error(`not within ${WITHIN_MS} ms: ${typeof what === 'string' ? what : what()}`)
}
