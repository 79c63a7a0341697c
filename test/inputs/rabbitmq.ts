/** A real RabbitMQ on ports and in a folder of its own: started, stopped, killed and started again on the same data by its pid. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, openSync, closeSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Connection } from 'rabbitmq-client'
import { freePort } from './free-port.ts'

/** Debian's /usr/sbin/rabbitmq-server becomes the user rabbitmq; the program itself runs as whoever starts it. */
const PROGRAM = '/usr/lib/rabbitmq/bin/rabbitmq-server'
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
  log(): string
}

/** PEM files of a server that speaks TLS too. */
export interface Certificates {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** Starts it; all of it is gone when the test ends. */
export async function startRabbit(t: Teardown, tls?: Certificates): Promise<TestRabbit> {
  const folder = mkdtempSync(join(tmpdir(), 'aetherscale-rabbit-'))
  const [port, tlsPort, distribution, mapper] = await freePorts(4)
  writeFileSync(join(folder, 'rabbitmq.conf'), configuration(folder, port!, tls && { ...tls, port: tlsPort! }))
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
  const names = spawn('setpriv', [...WITH_US, 'epmd', '-port', String(mapper), '-address', '127.0.0.1'], { stdio: 'ignore', env })
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
    url: `amqp://127.0.0.1:${port}`,
    async start() {
      const output = openSync(join(folder, 'output'), 'a')
      server = spawn('setpriv', [...WITH_US, PROGRAM], { stdio: ['ignore', output, output], env, cwd: folder })
      closeSync(output)
      await waitForPort(port!, server, rabbit)
    },
    stop: () => end(server, 'SIGTERM'),
    kill: () => end(server, 'SIGKILL'),
    connect() {
      const connection = new Connection({ hostname: '127.0.0.1', port: port!, username: 'guest', password: 'guest', retryLow: 100, retryHigh: 1000 })
      connection.on('error', () => undefined)
      connections.push(connection)
      return connection
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

function configuration(folder: string, port: number, tls?: Certificates & { readonly port: number }): string {
  const lines = [`listeners.tcp.default = 127.0.0.1:${port}`, `log.file = ${join(folder, 'log', 'rabbit.log')}`, 'log.console = false']
  if (tls) {
    lines.push(
      `listeners.ssl.default = 127.0.0.1:${tls.port}`,
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

async function waitForPort(port: number, server: ChildProcess, rabbit: TestRabbit): Promise<void> {
  for (const begin = performance.now(); performance.now() - begin < WITHIN_MS; await delay(50)) {
    if (server.exitCode !== null) break
    if (await answers(port)) return
  }
  throw new Error(`RabbitMQ does not answer:\n${rabbit.log()}`)
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port })
    socket.once('connect', () => (socket.destroy(), resolve(true)))
    socket.once('error', () => resolve(false))
  })
}
