/** The real helper, in a namespace of the test's own, for principals of the test's choice. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync, openSync, closeSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { build } from 'esbuild'
import { helper as program } from '../../.build/programs.ts'
import type { Namespace } from './namespace.ts'


interface Test {
  teardown(clean: () => unknown): unknown
}

export interface Answer {
  readonly id: unknown
  readonly result?: Record<string, unknown>
  readonly error?: { readonly code: number; readonly message: string; readonly data: { readonly name: string; readonly hint?: string } }
}

export interface TestHelper {
  readonly folder: string
  readonly allowlist: string
  /** Path of a principal's socket. */
  socket(uid: number): string
  pid(): number
  start(): Promise<void>
  /** SIGKILL, and waits for its end. */
  kill(): Promise<void>
  /** What was sent back for these bytes until the helper closed the connection; `half` leaves our side open. */
  exchange(uid: number, bytes: string | Uint8Array, options?: { half?: boolean }): Promise<string>
  /** One request, answered. */
  ask(uid: number, method: string, params?: object): Promise<Answer>
  /** The audit lines so far. */
  audit(): Record<string, unknown>[]
}

/** Starts a helper with this allowlist's `principals`; `ip` and `nft` are other programs in the place of ip(8) and nft(8). */
export async function startHelper(
  t: Test,
  namespace: Namespace,
  principals: Readonly<Record<string, object>>,
  { ip, nft }: { readonly ip?: string; readonly nft?: string } = {},
): Promise<TestHelper> {
  const folder = mkdtempSync(join(tmpdir(), 'aether-net-'))
  chmodSync(folder, 0o755)
  mkdirSync(join(folder, 'pending'))
  const allowlist = join(folder, 'policy.json')
  writeFileSync(allowlist, JSON.stringify({ version: 1, principals }), { mode: 0o644 })
  const uids = Object.keys(principals).filter((key) => /^\d+$/.test(key)).map(Number)
  const logFile = join(folder, 'audit.log')
  // as it is shipped: a bundle, without a compiler at run time
  const bundle = join(folder, 'aetherscale-net.mjs')
  const { entryPoints: _all, ...options } = program.options
  await build({ ...options, entryPoints: ['helper/main.ts'], outfile: bundle })
  const socket = (uid: number): string => join(folder, `${uid}.sock`)
  let child: ChildProcess | undefined

  const helper: TestHelper = {
    folder,
    allowlist,
    socket,
    pid: () => child!.pid!,
    async start() {
      for (const uid of uids) rmSync(socket(uid), { force: true })
      const sockets = uids.flatMap((uid) => ['--listen', `${uid}:${socket(uid)}`])
      const options = ['--allowlist', allowlist, '--state', folder, ...(ip === undefined ? [] : ['--ip', ip]), ...(nft === undefined ? [] : ['--nft', nft])]
      const [enter, args] = namespace.enter(process.execPath, ...program.nodeFlags, bundle, ...sockets, ...options)
      const log = openSync(logFile, 'a')
      child = spawn(enter, args, { stdio: ['ignore', log, log] })
      closeSync(log)
      // its mode is the last thing but one that is set, when it listens already
      const listens = (uid: number): boolean => existsSync(socket(uid)) && (statSync(socket(uid)).mode & 0o777) === 0o600
      for (let tries = 0; !uids.every(listens); tries++) {
        if (tries > 3000 || child.exitCode !== null) throw new Error(`the helper does not listen:\n${readFileSync(logFile, 'utf8')}`)
        await delay(10)
      }
    },
    async kill() {
      if (child?.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
    async exchange(uid, bytes, { half = false } = {}) {
      const client = connect({ path: socket(uid), allowHalfOpen: true })
      client.on('error', () => undefined)
      if (half) client.write(bytes)
      else client.end(bytes)
      return await text(client)
    },
    async ask(uid, method, params = {}) {
      return JSON.parse(await helper.exchange(uid, `${JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })}\n`)) as Answer
    },
    audit: () => readFileSync(logFile, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line) as Record<string, unknown>),
  }
  t.teardown(async () => {
    await helper.kill()
    rmSync(folder, { recursive: true, force: true })
  })
  await helper.start()
  return helper
}
