/** On a machine without a user manager: tincd runs in a session of its own, outlives the daemon, and is found again. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, rmSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { childEnvironment, findProgram } from '../../service/environment.ts'
import type { ServiceProcess } from '../../service/manager.ts'
import { sendSignal, startOf } from '../../service/process.ts'
import { TINCD_PROGRAM, tincdArgv, type TincdManager, type Tunnel } from './manager.ts'
import { findTincd } from './process.ts'

/** It tells its peers that it goes, which takes no time where they answer. */
const END_WITHIN_MS = 5000

export function createEmbeddedTincd(): TincdManager {
  const find = ({ paths }: Pick<Tunnel, 'paths'>): ServiceProcess | undefined => {
    const pid = findTincd(paths.tinc)
    return pid === undefined ? undefined : { pid, startedAt: startOf(pid) }
  }
  return {
    find,
    async start({ paths }) {
      if (find({ paths })) return
      rmSync(paths.pidFile, { force: true })
      const log = openSync(paths.log, 'a', 0o600)
      try {
        const child = spawn(findProgram(TINCD_PROGRAM), tincdArgv(paths), { detached: true, stdio: ['ignore', log, log], env: childEnvironment() })
        await once(child, 'spawn')
        child.unref()
      } finally {
        closeSync(log)
      }
    },
    async remove({ paths }) {
      for (const until = performance.now() + END_WITHIN_MS; ; await delay(20)) {
        const found = find({ paths })
        if (!found) return
        sendSignal(found.pid, performance.now() < until ? 'SIGTERM' : 'SIGKILL')
      }
    },
  }
}
