/** Real relays, `aetherscale broker` beside a daemon of a test's own, and what asks them. */
import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { TestRabbit } from '../inputs/rabbitmq.ts'
import { eventually, type TestDaemon } from './daemon.ts'

const program = join(import.meta.dirname, '..', '..', 'tui', 'main.ts')
export const oldClient = join(import.meta.dirname, '..', 'inputs', 'old-client.py')

interface Teardown {
  teardown(clean: () => unknown): unknown
}

export interface TestRelay {
  readonly host: string
  start(): Promise<void>
  /** SIGTERM; answers the exit status. */
  stop(): Promise<number | null>
  /** SIGKILL, and waits for its end. */
  kill(): Promise<void>
  log(): string
  /** Waits until it has logged this so often. */
  logs(text: string, times?: number): Promise<void>
}

/** Starts a relay beside the daemon, under the name of this host, and waits until it takes requests. */
export async function startTestRelay(t: Teardown, daemon: TestDaemon, rabbit: TestRabbit, host: string, config: object = {}): Promise<TestRelay> {
  writeFileSync(join(daemon.root, 'config', 'broker.json'), JSON.stringify({ url: rabbit.url, host, ...config }), { mode: 0o600 })
  const relay = makeRelay(t, daemon, host)
  await relay.start()
  await relay.logs('takes requests for VMs')
  return relay
}

/** One that is not started yet. */
export function makeRelay(t: Teardown, daemon: TestDaemon, host: string, env: Record<string, string> = {}): TestRelay {
  const logFile = join(daemon.root, `relay-${host}.log`)
  let child: ChildProcess | undefined
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child?.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
    return child.exitCode
  }
  const relay: TestRelay = {
    host,
    start() {
      const log = openSync(logFile, 'a')
      child = spawn(process.execPath, [program, 'broker', '--socket-dir', daemon.sockets], {
        stdio: ['ignore', log, log],
        env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'], LOG_LEVEL: 'debug', HOSTNAME: host, ...env },
      })
      closeSync(log)
      return Promise.resolve()
    },
    stop: () => end('SIGTERM'),
    kill: async () => void (await end('SIGKILL')),
    log: () => (existsSync(logFile) ? readFileSync(logFile, 'utf8') : ''),
    logs: (text, times = 1) => eventually(() => relay.log().split(text).length > times, () => `${host} does not log "${text}":\n${relay.log().slice(-3000)}`),
  }
  t.teardown(() => end('SIGKILL'))
  return relay
}

/** An image of a few MiB with nothing on it: the firmware finds nothing to boot, and idles. */
export function makeEmptyImage(daemon: TestDaemon, name: string): void {
  spawnSync('qemu-img', ['create', '-q', '-f', 'qcow2', join(daemon.root, 'images', `${name}.qcow2`), '8M'])
}

/** What the client of the first aetherscale gets: all that comes within its 5 s, or the first `enough`. */
export async function askAsBefore(rabbit: TestRabbit, command: string, options: object, enough?: number): Promise<unknown[]> {
  const args = [oldClient, rabbit.url, command, JSON.stringify(options), ...(enough === undefined ? [] : [String(enough)])]
  // Debian's own, which has its packages.
  const { stdout } = await promisify(execFile)('/usr/bin/python3', args)
  return stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line) as unknown)
}
