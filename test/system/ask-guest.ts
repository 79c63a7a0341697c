/** Runs a shell command in a guest through its agent, for tests that look at what is inside. */
import { setTimeout as delay } from 'node:timers/promises'
import { createGuestAgent } from '../../daemon/qemu/agent.ts'

interface Status {
  readonly exited: boolean
  readonly exitcode?: number
  readonly 'out-data'?: string
}

/** What it printed. Throws where it did not end with 0. */
export async function askGuest(agentSocket: string, command: string): Promise<string> {
  const agent = createGuestAgent(agentSocket, { timeoutMs: 120_000 })
  const { pid } = (await agent.execute('guest-exec', { path: '/bin/sh', arg: ['-c', command], 'capture-output': true })) as { pid: number }
  for (;;) {
    const status = (await agent.execute('guest-exec-status', { pid })) as Status
    if (!status.exited) {
      await delay(100)
      continue
    }
    if (status.exitcode !== 0) throw new Error(`"${command}" ended with ${status.exitcode}`)
    return Buffer.from(status['out-data'] ?? '', 'base64').toString()
  }
}
