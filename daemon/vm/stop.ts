/** Takes a VM down, by the stop ladder: the guest itself, then SIGTERM to QEMU, then SIGKILL. */
import { UserError } from '../../policy/errors.ts'
import type { StopRung } from '../../policy/api/vm.ts'
import type * as z from 'zod'
import type { Report, VmDependencies } from './dependencies.ts'
import type { Live } from './live.ts'
import type { Entry } from './table.ts'

export interface StopOptions {
  readonly force: boolean
  readonly timeoutMs: number
  /** Aborted when somebody wants the VM down at once: the guest is waited for no longer. */
  readonly hasten: AbortSignal
}

/** QEMU flushes its disks on SIGTERM and ends; design.md's stop ladder gives it this long. */
const SIGTERM_GRACE_MS = 10_000
/** What remains after SIGKILL is the kernel's work; a process in uninterruptible sleep does not end. */
const SIGKILL_GRACE_MS = 10_000
/** A guest that is still booting misses the power button, so it is pressed again. */
const ASK_EVERY_MS = 1000

/** Resolves when QEMU has ended, with the rung that did it. Throws VM_STOP_FAILED. */
export async function stopVm(
  deps: VmDependencies,
  entry: Entry,
  options: StopOptions,
  report: Report,
): Promise<z.infer<typeof StopRung>> {
  const rung = await runLadder(deps, entry, options, report)
  await deps.services.settle(entry.service)
  return rung
}

async function runLadder(
  deps: VmDependencies,
  entry: Entry,
  options: StopOptions,
  report: Report,
): Promise<z.infer<typeof StopRung>> {
  const { live } = entry
  if (!live) return 'already-stopped'
  if (!options.force && !options.hasten.aborted) {
    report('asking the guest to power down')
    if (await endsByGuest(deps, entry, live, options)) return 'guest'
  }
  report('sending SIGTERM to QEMU')
  await deps.services.signal(entry.service, 'SIGTERM')
  if (await hasEnded(deps, entry, live, SIGTERM_GRACE_MS)) return 'sigterm'
  report('sending SIGKILL to QEMU')
  await deps.services.signal(entry.service, 'SIGKILL')
  if (await hasEnded(deps, entry, live, SIGKILL_GRACE_MS)) return 'sigkill'
  throw new UserError('VM_STOP_FAILED', `QEMU (pid ${live.pid}) of VM ${entry.id} outlived SIGKILL`, {
    hint: 'It hangs in the kernel, mostly on storage that does not answer; see `dmesg` and the state in `ps`',
  })
}

async function endsByGuest(deps: VmDependencies, entry: Entry, live: Live, options: StopOptions): Promise<boolean> {
  const until = performance.now() + options.timeoutMs
  let agentWasAsked = false
  for (let left = options.timeoutMs; left > 0 && !options.hasten.aborted; left = until - performance.now()) {
    // Neither is waited for: a guest or a QEMU that hangs must not outstay the caller's time. The agent of a held guest is
    // asked when the button has let the guest run.
    if (live.agent === 'connected' && !live.paused && !agentWasAsked) {
      agentWasAsked = true
      deps.agent(entry).shutdown().catch((error: unknown) => {
        agentWasAsked = false
        deps.log.debug({ vm: entry.id, err: error }, 'the agent did not take the shutdown; pressing the power button')
      })
    }
    if (!agentWasAsked) void pressPowerButton(deps, entry)
    if (await hasEnded(deps, entry, live, Math.min(ASK_EVERY_MS, left), options.hasten)) return true
  }
  return entry.live !== live
}

/** A held guest cannot act on the button, so it is let run first. A VM whose QMP is gone is left to the next rung. */
async function pressPowerButton(deps: VmDependencies, entry: Entry): Promise<void> {
  const qmp = deps.monitor.qmp(entry)
  if (!qmp) return
  try {
    if (entry.live?.paused) await qmp.execute('cont')
    await qmp.execute('system_powerdown')
  } catch (error) {
    deps.log.debug({ vm: entry.id, err: error }, 'the power button could not be pressed')
  }
}

/** Whether this run of QEMU has ended within the time; `hasten` ends the wait early. */
function hasEnded(deps: VmDependencies, entry: Entry, live: Live, withinMs: number, hasten?: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer)
      unsubscribe()
      hasten?.removeEventListener('abort', finish)
      resolve(entry.live !== live)
    }
    const timer = setTimeout(finish, withinMs)
    const unsubscribe = deps.table.onChange((changed) => {
      if (changed === entry && entry.live !== live) finish()
    })
    hasten?.addEventListener('abort', finish)
    if (entry.live !== live || hasten?.aborted) finish()
  })
}
