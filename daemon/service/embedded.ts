/**
 * The service manager for hosts without a user manager of systemd's: QEMU runs in a session of its own, so that it outlives
 * the daemon, and the next daemon finds it again. It does not put itself into the background (`-daemonize`): that would
 * cost it half of its seccomp filter.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { basename } from 'node:path'
import { UserError } from '../../policy/errors.ts'
import { childEnvironment, hintInstall } from './environment.ts'
import type { ServiceManager, ServiceProcess, ServiceRef } from './manager.ts'

/**
 * QEMUs that run already are found by their command lines, once, here: the pid files may be gone with the runtime folder,
 * which a logout or a clean-up of temporary files takes away under a QEMU that runs on.
 */
export function createEmbeddedManager(): ServiceManager {
  const known = new Map(scanProcesses())

  const find = ({ pidFile }: ServiceRef): ServiceProcess | undefined => {
    for (const pid of [known.get(pidFile), readPid(pidFile)]) {
      if (pid === undefined || pidFileOf(pid) !== pidFile) continue
      known.set(pidFile, pid)
      return { pid, startedAt: startOf(pid) }
    }
    known.delete(pidFile)
    return undefined
  }

  return {
    kind: 'embedded',
    find,
    async start(service) {
      const { program, argv, pidFile, logFile } = service
      const running = find(service)
      if (running) return running
      rmSync(pidFile, { recursive: true, force: true })
      const log = openSync(logFile, 'a', 0o600)
      try {
        const child = spawn(program, argv, { detached: true, stdio: ['ignore', log, log], env: childEnvironment() })
        await once(child, 'spawn')
        child.unref()
        const pid = child.pid ?? 0
        known.set(pidFile, pid)
        return { pid, startedAt: new Date() }
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause
        const hint = hintInstall(program)
        throw new UserError('PROGRAM_MISSING', `${program} is not installed`, { ...(hint !== undefined && { hint }), cause })
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

/** Every QEMU that was told a pid file and that we may look into, by that file. */
function scanProcesses(): [pidFile: string, pid: number][] {
  return readdirSync('/proc').flatMap((name): [string, number][] => {
    const pid = Number(name)
    const pidFile = Number.isInteger(pid) ? pidFileOf(pid) : undefined
    return pidFile === undefined ? [] : [[pidFile, pid]]
  })
}

function readPid(pidFile: string): number | undefined {
  const pid = Number(readOrNothing(() => readFileSync(pidFile, 'utf8')))
  return Number.isInteger(pid) && pid > 1 ? pid : undefined
}

/**
 * The pid file that the process was told, if it is a QEMU. Signals go to what this vouches for, so a process that cannot be
 * looked into is none of ours. A zombie has no command line: in a container whose init does not reap, QEMU ends as one.
 */
function pidFileOf(pid: number): string | undefined {
  return readOrNothing(() => {
    if (!basename(readlinkSync(`/proc/${pid}/exe`)).startsWith('qemu-system-')) return undefined
    const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    return argv.includes('-pidfile') ? argv[argv.indexOf('-pidfile') + 1] : undefined
  })
}

/** proc(5): field 22 of stat is the start in clock ticks since the boot, of which Linux shows 100 a second everywhere. */
function startOf(pid: number): Date {
  const stat = readOrNothing(() => readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? ''
  const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19])
  const uptime = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0])
  const age = Number.isNaN(ticks) ? 0 : uptime - ticks / 100
  return new Date(Date.now() - age * 1000)
}

/** What the file system refuses is not there as far as we are concerned. */
function readOrNothing<T>(read: () => T): T | undefined {
  try {
    return read()
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
