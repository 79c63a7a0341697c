/**
 * Moves the uplink to its bridge, with a way back that needs nobody: a timer of systemd's, which goes on when the session
 * that ran setup is lost with the network.
 *
 * The file that would put everything back is renamed by whoever comes first: to `confirmed` by the admin, to `reverted` by
 * the timer. So exactly one of them wins.
 */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { UserError } from '../../../../policy/errors.ts'
import { writeRootFile } from '../manifest.ts'
import { programs } from '../places.ts'
import { runProgram } from '../programs.ts'
import { planReturn, type Move } from './move.ts'
import { readUplink } from './read.ts'

export const CONFIRM_SECONDS = 60
const FOLDER = '/run/aetherscale-setup'
const [ARMED, CONFIRMED, REVERTED] = ['armed', 'confirmed', 'reverted'].map((name) => `${FOLDER}/${name}`) as [string, string, string]
const UNIT = 'aetherscale-setup-revert'

/** Resolves when the bridge is there and everything on it; the timer runs then. Throws when all is as it was before. */
export function moveUplink(move: Move): void {
  arm(move)
  try {
    batch(move.prepare)
    for (const [name, value] of Object.entries(move.settings)) writeFileSync(`/proc/sys/net/ipv6/conf/${move.bridge}/${name}`, String(value))
    batch(move.lines)
  } catch (cause) {
    // the timer is left armed if this fails as well
    batch(move.revert, 'whatever fails')
    disarm()
    throw cause
  }
}

function arm({ revert }: Move): void {
  disarm()
  mkdirSync(FOLDER, { recursive: true, mode: 0o700 })
  writeRootFile(ARMED, `${revert.join('\n')}\n`)
  const revertNow = `${programs.mv} ${ARMED} ${REVERTED} && exec ${programs.ip} -force -batch ${REVERTED}`
  const timer = [programs.systemdRun, '--quiet', `--unit=${UNIT}`, `--on-active=${CONFIRM_SECONDS}`, '--timer-property=AccuracySec=100ms', programs.sh, '-c', revertNow]
  const { status, words } = runProgram(timer)
  if (status !== 0) throw new Error(`no timer that would put it back, and so it is not begun: ${words}`)
}

function disarm(): void {
  runProgram([programs.systemctl, 'stop', `${UNIT}.timer`])
  runProgram([programs.systemctl, 'reset-failed', `${UNIT}.service`])
  rmSync(FOLDER, { recursive: true, force: true })
}

/** One process of ip(8) for all lines. */
function batch(lines: readonly string[], tolerance?: 'whatever fails'): void {
  const force = tolerance === undefined ? [] : ['-force']
  const { status, words } = runProgram([programs.ip, ...force, '-batch', '-'], { input: `${lines.join('\n')}\n` })
  if (status !== 0 && tolerance === undefined) throw new Error(`ip: ${words}`)
}

/** Keeps the bridge. Throws SETUP_CONFLICT where there is nothing to keep, or it has been put back. */
export function confirmMove(): void {
  try {
    renameSync(ARMED, CONFIRMED)
  } catch (cause) {
    const message = existsSync(REVERTED)
      ? `Nobody confirmed within ${CONFIRM_SECONDS} s, and addresses and routes are back on the uplink`
      : 'There is no bridge that waits to be confirmed'
    throw new UserError('SETUP_CONFLICT', message, { hint: 'Run setup with --create-bridge and --uplink once more', cause })
  }
  runProgram([programs.systemctl, 'stop', `${UNIT}.timer`])
}

/** Resolves when somebody has confirmed, or the timer has put everything back. */
export async function awaitVerdict(signal: AbortSignal): Promise<'confirmed' | 'reverted' | undefined> {
  while (!signal.aborted) {
    if (existsSync(CONFIRMED)) return 'confirmed'
    if (existsSync(REVERTED)) return 'reverted'
    await delay(200, undefined, { signal }).catch(() => undefined)
  }
  return undefined
}

/** For `--remove`: everything that is on the bridge goes to the uplink. */
export function restoreUplink(bridge: string, uplink: string): void {
  batch(planReturn({ bridge, uplink }, readUplink(bridge)), 'whatever fails')
  disarm()
}
