/**
 * Runs in the place of QEMU in a VM's unit, with all that the unit gives it, and tries what a guest that has broken out would try.
 * `probe.ts TARGETS`, the targets as JSON; prints a line of JSON for each attempt.
 */
import { appendFileSync, openSync, readdirSync, readFileSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'

interface Targets {
  readonly read: readonly string[]
  readonly write: readonly string[]
  /** Files of the VM's that others open by their names. */
  readonly own: readonly string[]
  readonly sockets: readonly string[]
  /** Of processes of the same user outside. */
  readonly pids: readonly number[]
}

const { read, write, own, sockets, pids } = JSON.parse(process.argv[2] ?? '') as Targets

async function attempt(what: string, target: string, act: () => unknown): Promise<void> {
  const outcome = await Promise.resolve()
    .then(act)
    .then(() => 'possible', (error: NodeJS.ErrnoException) => error.code ?? error.message)
  process.stdout.write(`${JSON.stringify({ what, target, outcome })}\n`)
}

const settled = (emitter: NodeJS.EventEmitter, good: string): Promise<unknown> =>
  new Promise((resolve, reject) => {
    emitter.once(good, resolve)
    emitter.once('error', reject)
  })

for (const path of read) await attempt('read', path, () => (path.endsWith('/') ? readdirSync(path) : openSync(path, 'r')))
for (const path of write) await attempt('write', path, () => openSync(path, 'r+'))
for (const path of own) {
  await attempt('replace', path, () => {
    unlinkSync(path)
    symlinkSync('/proc/self/exe', path)
  })
}
for (const folder of ['/', '/usr/', '/etc/', '/dev/', '/run/']) await attempt('create', folder, () => writeFileSync(`${folder}probe`, ''))
await attempt('write', '/proc/sys/kernel/core_pattern', () => appendFileSync('/proc/sys/kernel/core_pattern', ''))
for (const path of sockets) await attempt('connect', path, () => settled(connect({ path }), 'connect'))
await attempt('listen', '127.0.0.1', () => settled(createServer().listen(0, '127.0.0.1'), 'listening'))
for (const pid of pids) {
  for (const part of ['environ', 'maps', 'mem', 'root/etc/hostname', 'fd/0']) await attempt('read', `/proc/PID/${part}`, () => readFileSync(`/proc/${pid}/${part}`))
  await attempt('signal', String(pid), () => process.kill(pid, 0))
}
const status = readFileSync('/proc/self/status', 'utf8')
const seen = (key: string): string => new RegExp(`^${key}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? ''
process.stdout.write(`${JSON.stringify({ pid: process.pid, capabilities: seen('CapEff'), noNewPrivs: seen('NoNewPrivs'), seccomp: seen('Seccomp'), root: readdirSync('/').sort(), etc: readdirSync('/etc').sort() })}\n`)
process.exit(0)
