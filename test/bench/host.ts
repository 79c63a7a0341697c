/** Daemons with made-up records, each in a folder of its own, and the baseline's server. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { connect } from '../../tui/client.ts'
import { withStubQemu } from './stub/in-place.ts'

export const bundles = join(import.meta.dirname, '..', '..', 'dist')

export interface Host {
  readonly root: string
  readonly sockets: string
  readonly control: string
  readonly pid: number
  /** Milliseconds from the program's start to its first answer. */
  readonly startedWithinMs: number
  stop(): Promise<void>
}

/** Starts the bundled daemon on `records` stopped VMs that stand on one small image; where `isStub`, its VMs run a stub of QEMU. */
export async function startHost(records: number, { isStub = false } = {}): Promise<Host> {
  const root = mkdtempSync(join(tmpdir(), 'aetherscale-bench-'))
  writeRecords(root, records)
  const begin = performance.now()
  const argv = [process.execPath, join(bundles, 'aetherscaled.js'), '--root', root]
  const [program, ...args] = isStub ? withStubQemu(root, argv) : argv
  const child = spawn(program!, args, {
    stdio: 'ignore',
    env: { PATH: process.env['PATH'], LOG_LEVEL: 'warn', AETHERSCALE_ACCEL: 'tcg' },
  })
  const sockets = join(root, 'run')
  for (;;) {
    const client = await connect({ directory: sockets, env: {}, access: 'control' }).catch(() => undefined)
    if (client) {
      await client.call('system.info', {})
      client.close()
      break
    }
    if (child.exitCode !== null) throw new Error('the daemon did not start')
    await delay(2)
  }
  return {
    root,
    sockets,
    control: join(sockets, 'control.sock'),
    pid: child.pid!,
    startedWithinMs: performance.now() - begin,
    async stop() {
      await end(child)
      rmSync(root, { recursive: true, force: true })
    },
  }
}

function writeRecords(root: string, count: number): void {
  mkdirSync(join(root, 'images'), { recursive: true })
  mkdirSync(join(root, 'disks'))
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', join(root, 'images', 'small.qcow2'), '8M'])
  for (let i = 0; i < count; i++) {
    const id = Array.from({ length: 8 }, (_letter, place) => String.fromCharCode(97 + (Math.floor(i / 26 ** place) % 26))).join('')
    const record = {
      version: 1,
      id,
      name: `vm-${i}`,
      image: 'small',
      vcpus: 1,
      memoryMiB: 128,
      diskMiB: 8,
      networks: [{ kind: 'user', mac: '52:54:00:12:34:56', forwards: [] }],
      autostart: false,
      machine: 'pc-i440fx-7.2',
      createdAt: new Date(1.7e12 + i).toISOString(),
      phase: 'ready',
    }
    mkdirSync(join(root, 'config', 'vm', id), { recursive: true })
    writeFileSync(join(root, 'config', 'vm', id, 'vm.json'), JSON.stringify(record))
    writeFileSync(join(root, 'disks', `${id}.qcow2`), '')
  }
}

export async function startEcho(): Promise<{ path: string; stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'aetherscale-bench-'))
  const path = join(folder, 'echo.sock')
  const child = spawn(process.execPath, [join(import.meta.dirname, 'echo-server.ts'), path], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  return {
    path,
    async stop() {
      await end(child)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}

/** Resident memory in MiB (proc(5), VmRSS). */
export function residentMiB(pid: number): number {
  const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(match?.[1]) / 1024
}

/**
 * Page faults of all children that this process has waited for (proc(5), cminflt). A program cannot start without some,
 * so this stands still exactly as long as none was run to its end.
 */
export function childrensFaults(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name in field 2 may hold blanks; the fields are counted from behind it.
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[8])
}
