/** A real QEMU for one test: a child of it, ended with it. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { connectQmp, QmpClosed, type Qmp } from '../../../daemon/qemu/qmp.ts'
import { QEMU_PROGRAM } from '../../../daemon/qemu/machine.ts'

interface Test {
  teardown(clean: () => Promise<void>): unknown
}

export interface RunningQemu {
  readonly process: ChildProcess
  readonly qmp: Qmp
  /** Resolves with the exit status; null where a signal ended it. */
  readonly ended: Promise<number | null>
}

const START_TIMEOUT_MS = 60_000

/** Starts QEMU with stderr in `log` and resolves when its QMP at `socket` has greeted. */
export async function startQemu(t: Test, argv: readonly string[], socket: string, log: string): Promise<RunningQemu> {
  const stderr = openSync(log, 'a')
  const child = spawn(QEMU_PROGRAM, argv, { stdio: ['ignore', 'ignore', stderr] })
  closeSync(stderr)
  const ended = once(child, 'exit').then(([status]) => status as number | null)
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const qmp = await connectWhenUp(socket, () => {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`QEMU ended: ${readFileSync(log, 'utf8')}`)
  })
  t.teardown(async () => {
    qmp.close()
  })
  return { process: child, qmp, ended }
}

/** Connects as soon as somebody listens; `check` throws where nobody ever will. */
export async function connectWhenUp(socket: string, check: () => void): Promise<Qmp> {
  const deadline = performance.now() + START_TIMEOUT_MS
  for (;;) {
    try {
      return await connectQmp(socket, { timeoutMs: START_TIMEOUT_MS })
    } catch (error) {
      check()
      if (!(error instanceof QmpClosed) || performance.now() > deadline) throw error
      await delay(20)
    }
  }
}
