/** Runs shell lines in the guest of a test's VM, through its agent. */
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createGuestAgent } from '../../daemon/qemu/agent.ts'
import type { TestDaemon } from './daemon.ts'

/** Machines that run tests are slow and busy; this only bounds waits that should end long before. */
const WITHIN_MS = 120_000

export interface GuestShell {
  /** Begins a line; it goes on by itself. */
  begin(line: string): Promise<number>
  /** Waits for its end and answers what it printed. Throws where its status is not 0. */
  end(pid: number): Promise<string>
  run(line: string): Promise<string>
}

export function guestShell({ root }: TestDaemon, id: string): GuestShell {
  const agent = createGuestAgent(join(root, 'run', 'vm', id, 'agent.sock'), { timeoutMs: WITHIN_MS })
  const shell: GuestShell = {
    async begin(line) {
      const started = (await agent.execute('guest-exec', { path: '/bin/sh', arg: ['-c', line], 'capture-output': true })) as { pid: number }
      return started.pid
    },
    async end(pid) {
      for (const until = performance.now() + WITHIN_MS; performance.now() < until; await delay(100)) {
        const status = (await agent.execute('guest-exec-status', { pid })) as { exited: boolean; exitcode?: number; 'out-data'?: string; 'err-data'?: string }
        if (!status.exited) continue
        const text = (data = ''): string => Buffer.from(data, 'base64').toString().trim()
        if (status.exitcode === 0) return text(status['out-data'])
        throw new Error(`status ${status.exitcode ?? 'unknown'} in the guest: ${text(status['err-data'])}`)
      }
      throw new Error(`process ${pid} in the guest did not end`)
    },
    run: async (line) => shell.end(await shell.begin(line)),
  }
  return shell
}
