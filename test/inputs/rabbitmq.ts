/** A real RabbitMQ on ports and in a folder of its own: started, stopped, killed and started again on the same data by its pid. */
import { execFile, spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, openSync, closeSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Connection } from 'rabbitmq-client'
import { freePort } from './free-port.ts'

/** Debian's /usr/sbin/rabbitmq-server becomes the user rabbitmq; the program itself runs as whoever starts it. */
const PROGRAM = '/usr/lib/rabbitmq/bin/rabbitmq-server'
const CONTROL = '/usr/lib/rabbitmq/bin/rabbitmqctl'
const WITHIN_MS = 120_000
/** One scheduler that does not spin while it is idle: tests share the machine. */
const ERLANG_FLAGS = '-noinput +S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none'

/** setpriv(1): a test that is killed takes them with it. The pid stays that of the process started. */
const WITH_US = ['--pdeathsig', 'KILL']

export const lacksRabbit: string | false = existsSync(PROGRAM) ? false : 'rabbitmq-server is not installed'

interface Teardown {
  teardown(clean: () => unknown): unknown
}

export interface TestRabbit {
  readonly port: number
  readonly tlsPort: number
  readonly url: string
  start(): Promise<void>
  /** SIGTERM, and waits for its end. */
  stop(): Promise<void>
  /** SIGKILL, and waits for its end. */
  kill(): Promise<void>
  /** A connection of the test's own, closed at its end. */
  connect(): Connection
  /** rabbitmqctl(8), as its admin: what it prints. */
  control(...args: readonly string[]): Promise<string>
  log(): string
}

/** Where it is reached, and by whom. */
interface Place {
  readonly address: string
  readonly username: string
  readonly password: string
  /** A process in whose network it is; this one's own where left out. */
  readonly pid?: number
}

/** Its own user is let in from loopback alone. */
const HERE: Place = { address: '127.0.0.1', username: 'guest', password: 'guest' }

/** RabbitMQ's own: in a network of its own nobody else has them. Those of AMQP, AMQP over TLS, Erlang, and Erlang's names. */
const USUAL_PORTS = [5672, 5671, 25672, 4369] as const

/** PEM files of a server that speaks TLS too. */
export interface Certificates {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** Starts it; all of it is gone when the test ends. `settings`: lines of its configuration. */
export async function startRabbit(t: Teardown, tls?: Certificates, settings: readonly string[] = []): Promise<TestRabbit> {
  return await open(t, HERE, await freePorts(4), tls, settings)
}

/** Starts it on a network that this process is not on. */
export async function startRabbitElsewhere(t: Teardown, place: Required<Place>): Promise<Omit<TestRabbit, 'connect'>> {
  return await open(t, place, USUAL_PORTS, undefined, [])
}

async function open(t: Teardown, place: Place, [port, tlsPort, distribution, mapper]: readonly number[], tls: Certificates | undefined, settings: readonly string[]): Promise<TestRabbit> {
  const { address, username, password, pid } = place
  const folder = mkdtempSync(join(tmpdir(), 'aetherscale-rabbit-'))
  const enter = [...(pid === undefined ? [] : ['nsenter', `--target=${pid}`, '--net', '--']), 'setpriv', ...WITH_US]
  const spawnThere = (argv: readonly string[], options: SpawnOptions): ChildProcess => spawn(enter[0]!, [...enter.slice(1), ...argv], options)
  writeFileSync(join(folder, 'rabbitmq.conf'), configuration(folder, place, port!, tls && { ...tls, port: tlsPort! }, settings))
  writeFileSync(join(folder, 'plugins'), '[].')
  mkdirSync(join(folder, 'log'))
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    RABBITMQ_NODENAME: `test-${port}@localhost`,
    RABBITMQ_DIST_PORT: String(distribution),
    ERL_EPMD_PORT: String(mapper),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
    RABBITMQ_MNESIA_BASE: join(folder, 'data'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    // Makes the script become the server, whose pid is then that of the process started.
    RABBITMQ_ALLOW_INPUT: '1',
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: ERLANG_FLAGS,
  }
  // The server would start one that outlives it.
  const names = spawnThere(['epmd', '-port', String(mapper), '-address', '127.0.0.1'], { stdio: 'ignore', env })
  const connections: Connection[] = []
  let server: ChildProcess | undefined

  const end = async (child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> => {
    if (child?.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }
  const rabbit: TestRabbit = {
    port: port!,
    tlsPort: tlsPort!,
    url: `amqp://${address}:${port}`,
    async start() {
      const output = openSync(join(folder, 'output'), 'a')
      server = spawnThere([PROGRAM], { stdio: ['ignore', output, output], env, cwd: folder })
      closeSync(output)
      await waitForPort(port!, pid, server, rabbit)
    },
    stop: () => end(server, 'SIGTERM'),
    kill: () => end(server, 'SIGKILL'),
    connect() {
      const connection = new Connection({ hostname: address, port: port!, username, password, retryLow: 100, retryHigh: 1000 })
      connection.on('error', () => undefined)
      connections.push(connection)
      return connection
    },
    async control(...args) {
      const { stdout } = await promisify(execFile)(CONTROL, ['--quiet', ...args], { env })
      return stdout
    },
    log: () => (existsSync(join(folder, 'output')) ? readFileSync(join(folder, 'output'), 'utf8') : ''),
  }
  t.teardown(async () => {
    for (const connection of connections) connection.unsafeDestroy()
    await end(server, 'SIGKILL')
    await end(names, 'SIGKILL')
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  })
  await rabbit.start()
  return rabbit
}

function configuration(folder: string, { address, username, password }: Place, port: number, tls: (Certificates & { readonly port: number }) | undefined, settings: readonly string[]): string {
  const lines = [...settings, `listeners.tcp.default = ${address}:${port}`, `default_user = ${username}`, `default_pass = ${password}`, `log.file = ${join(folder, 'log', 'rabbit.log')}`, 'log.console = false']
  if (tls) {
    lines.push(
      `listeners.ssl.default = ${address}:${tls.port}`,
      `ssl_options.cacertfile = ${tls.ca}`,
      `ssl_options.certfile = ${tls.cert}`,
      `ssl_options.keyfile = ${tls.key}`,
    )
  }
  return `${lines.join('\n')}\n`
}

async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>()
  while (ports.size < count) ports.add(await freePort())
  return [...ports]
}

async function waitForPort(port: number, pid: number | undefined, server: ChildProcess, rabbit: Pick<TestRabbit, 'log'>): Promise<void> {
  for (const begin = performance.now(); performance.now() - begin < WITHIN_MS; await delay(50)) {
    if (server.exitCode !== null) break
    if (isListening(port, pid)) return
  }
  throw new Error(`RabbitMQ does not answer:\n${rabbit.log()}`)
}

/** proc(5): local address and port are in hexadecimal, and the state 0A is TCP_LISTEN. */
function isListening(port: number, pid: number | 'self' = 'self'): boolean {
  const end = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const lines = readFileSync(`/proc/${pid}/net/tcp`, 'utf8').split('\n').map((line) => line.trim().split(/\s+/))
  return lines.some(([, local, , state]) => local?.endsWith(end) === true && state === '0A')
}
