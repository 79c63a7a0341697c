/**
 * The service manager for hosts without a user manager of systemd's: QEMU runs in a session of its own, so that it outlives
 * the daemon, and by its pid file the next daemon finds it again. It does not put itself into the background
 * (`-daemonize`): that would cost it half of its seccomp filter.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { UserError } from '../../policy/errors.ts'
import type { VmId } from '../../policy/names.ts'
import { childEnvironment } from './environment.ts'
import type { ServiceManager, ServiceProcess, ServiceRef } from './manager.ts'

export function createEmbeddedManager(): ServiceManager {
  /** QEMUs that this daemon started: known before they have written their pid file. */
  const children = new Map<VmId, { readonly child: ChildProcess; readonly startedAt: Date }>()

  const find = ({ id, pidFile }: ServiceRef): ServiceProcess | undefined => {
    const own = children.get(id)
    if (own?.child.pid !== undefined) return { pid: own.child.pid, startedAt: own.startedAt }
    return readPidFile(pidFile)
  }

  return {
    kind: 'embedded',
    find,
    async start({ id, program, argv, pidFile, logFile }) {
      rmSync(pidFile, { recursive: true, force: true })
      const log = openSync(logFile, 'a', 0o600)
      try {
        const child = spawn(program, argv, { detached: true, stdio: ['ignore', log, log], env: childEnvironment() })
        await once(child, 'spawn')
        child.unref()
        const startedAt = new Date()
        children.set(id, { child, startedAt })
        child.once('exit', () => {
          if (children.get(id)?.child === child) children.delete(id)
        })
        return { pid: child.pid ?? 0, startedAt }
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause
        throw new UserError('PROGRAM_MISSING', `${program} is not installed`, {
          hint: 'Install it: sudo apt-get install qemu-system-x86',
          cause,
        })
      } finally {
        closeSync(log)
      }
    },
    signal(service, signal) {
      const found = find(service)
      if (found) send(found.pid, signal)
    },
  }
}

/**
 * The process that the pid file names, if it still is the one that wrote it: a QEMU that was told this pid file. A zombie
 * has no command line; in a container whose init does not reap, QEMU ends as one. Whatever cannot be read is no process of
 * ours: signals go to what this finds.
 */
function readPidFile(pidFile: string): ServiceProcess | undefined {
  try {
    const pid = Number(readFileSync(pidFile, 'utf8'))
    if (!Number.isInteger(pid) || pid <= 1) return undefined
    const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    const isTold = argv[argv.indexOf('-pidfile') + 1] === pidFile
    const isQemu = basename(readlinkSync(`/proc/${pid}/exe`)).startsWith('qemu-system-')
    return isTold && isQemu ? { pid, startedAt: statSync(pidFile).mtime } : undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall !== undefined) return undefined
    throw error
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
