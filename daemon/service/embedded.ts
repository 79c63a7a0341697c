/**
 * The service manager for hosts without a user manager of systemd's: QEMU runs in a session of its own, so that it outlives
 * the daemon, and the next daemon finds it again. It does not put itself into the background (`-daemonize`): that would
 * cost it half of its seccomp filter.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { childEnvironment, findProgram, locateProgram } from './environment.ts'
import type { Service, ServiceManager, ServiceProcess, ServiceRef } from './manager.ts'
import { isQemu, readOrNothing, sendSignal, startOf } from './process.ts'

/**
 * QEMUs that run already are found by their command lines, once, here: the pid files may be gone with the runtime folder,
 * which a logout or a clean-up of temporary files takes away under a QEMU that runs on.
 */
export function createEmbeddedManager(): ServiceManager {
  const known = new Map(scanProcesses())
  const done = Promise.resolve()

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
      const { pidFile, logFile } = service
      const running = find(service)
      if (running) return running
      const program = findProgram(service.program)
      rmSync(pidFile, { recursive: true, force: true })
      const log = openSync(logFile, 'a', 0o600)
      try {
        const child = spawn(program, argvOf(service), { detached: true, stdio: ['ignore', log, log], env: childEnvironment() })
        // Nobody else would tell of it: a QEMU that is ended by a signal says nothing.
        child.once('exit', (_code, signal) => signal && appendLine(logFile, `it was ended by ${signal}`))
        await once(child, 'spawn')
        child.unref()
        const pid = child.pid ?? 0
        known.set(pidFile, pid)
        return { pid, startedAt: new Date() }
      } finally {
        closeSync(log)
      }
    },
    signal(service, signal) {
      const found = find(service)
      if (found) sendSignal(found.pid, signal)
      return done
    },
    // Nothing starts a QEMU here but the daemon, and nothing is kept of it but its process.
    prepare: () => done,
    enable: () => done,
    settle: () => done,
    remove: () => done,
    started: () => [],
    file: () => undefined,
    faultOf: () => Promise.resolve(undefined),
    plan: (service) => Promise.resolve({ argv: [locateProgram(service.program) ?? service.program, ...argvOf(service)] }),
    orphans: () => [],
    isolation: () => Promise.resolve({ kind: 'none', reason: "the daemon starts QEMU itself; systemd's units would keep VMs apart" }),
  }
}

/** Into the log as it is; with its VM it may be gone. */
function appendLine(logFile: string, line: string): void {
  const log = readOrNothing(() => openSync(logFile, constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW))
  if (log === undefined) return
  readOrNothing(() => writeSync(log, `${new Date().toISOString()} ${line}\n`))
  closeSync(log)
}

function argvOf({ argv, pidFile }: Service): string[] {
  return [...argv, '-pidfile', pidFile]
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

/** The pid file that the process was told, if it is a QEMU. Signals go to what this vouches for. */
function pidFileOf(pid: number): string | undefined {
  if (!isQemu(pid)) return undefined
  const argv = readOrNothing(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))?.split('\0') ?? []
  return argv.includes('-pidfile') ? argv[argv.indexOf('-pidfile') + 1] : undefined
}
