/** Looks at what systemd gives the daemon's user: a manager that outlives logins, its folder, and the right to limit. */
import { once } from 'node:events'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Check } from '../../policy/api/system.ts'
import { readOrNothing } from '../service/process.ts'
import { quoteWord } from '../shell-word.ts'
import type { Account } from './account.ts'

interface Session {
  readonly account: Account
  /** $XDG_RUNTIME_DIR of the daemon. */
  readonly userRuntime: string | undefined
  /** Whether VMs are units of the user manager. */
  readonly hasUnits: boolean
  /** Where the daemon's sockets are. */
  readonly runtime: string
}

interface Places {
  /** logind's: a file a user that lingers. */
  readonly linger: string
  readonly cgroups: string
}

const usual: Places = { linger: '/var/lib/systemd/linger', cgroups: '/sys/fs/cgroup' }
const ANSWER_WITHIN_MS = 500
/** What the limits in a VM's unit stand on (systemd.resource-control(5)). */
const CONTROLLERS = ['cpu', 'memory', 'pids']

/** Of what is in use: without units, the session counts for the sockets in its folder alone. */
export async function checkSession(session: Session, places: Places = usual): Promise<Check[]> {
  const { userRuntime, runtime, hasUnits } = session
  const isInside = userRuntime !== undefined && `${runtime}/`.startsWith(`${userRuntime}/`)
  if (!hasUnits && !isInside) return []
  const folder = checkRuntimeFolder(session)
  if (!hasUnits) return [checkLingering(session, places), folder]
  return [checkLingering(session, places), folder, await checkManager(session), checkControllers(session, places)]
}

function checkLingering({ account, hasUnits }: Session, { linger }: Places): Check {
  const subject = 'lingering'
  if (existsSync(join(linger, account.name))) return { subject, status: 'ok', detail: `on for ${account.name}` }
  const loss = hasUnits ? 'VMs end with the last session, and none starts with the host' : "the sockets go with the user's last session"
  return { subject, status: 'degraded', detail: `off for ${account.name}: ${loss}`, remedy: enableLinger(account) }
}

/** It also starts the user manager, which makes the folder. */
function enableLinger({ name }: Account): string {
  return `sudo loginctl enable-linger ${quoteWord(name)}`
}

function checkRuntimeFolder({ account, userRuntime }: Session): Check {
  const subject = 'XDG_RUNTIME_DIR'
  const usually = `/run/user/${account.uid}`
  if (userRuntime === undefined) {
    const remedy = existsSync(usually) ? `export XDG_RUNTIME_DIR=${usually}` : enableLinger(account)
    return { subject, status: 'missing', detail: 'not set: the user manager cannot be found', remedy }
  }
  const found = statSync(userRuntime, { throwIfNoEntry: false })
  if (!found?.isDirectory()) return { subject, status: 'missing', detail: `${userRuntime} is not there`, remedy: enableLinger(account) }
  const mode = found.mode & 0o777
  if (found.uid === account.uid && mode === 0o700) return { subject, status: 'ok', detail: userRuntime }
  const place = quoteWord(userRuntime)
  return {
    subject,
    status: 'degraded',
    detail: `${userRuntime} is uid ${found.uid}'s with mode ${mode.toString(8).padStart(4, '0')}, and should be uid ${account.uid}'s with 0700`,
    remedy: `sudo chown ${account.uid} ${place} && sudo chmod 0700 ${place}`,
  }
}

/** systemctl(1) reaches the manager by this socket; a manager that has died leaves it behind. */
async function checkManager({ account, userRuntime = `/run/user/${account.uid}` }: Session): Promise<Check> {
  const subject = 'user manager'
  const socket = connect({ path: join(userRuntime, 'systemd', 'private') })
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) })
    return { subject, status: 'ok', detail: `systemd answers uid ${account.uid}` }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'there is none' : code === 'ECONNREFUSED' ? 'it has died' : message
    return { subject, status: 'missing', detail: `systemd does not answer uid ${account.uid}: ${why}`, remedy: `sudo systemctl start user@${account.uid}.service` }
  } finally {
    socket.destroy()
  }
}

function checkControllers({ account: { uid } }: Session, { cgroups }: Places): Check {
  const subject = 'control groups'
  const kernel = readControllers(cgroups)
  if (!kernel) {
    const remedy = 'on the kernel command line: systemd.unified_cgroup_hierarchy=1'
    return { subject, status: 'degraded', detail: `${cgroups} is not version 2: limits of VMs do not hold`, remedy }
  }
  const unit = `user@${uid}.service`
  const ours = readControllers(join(cgroups, 'user.slice', `user-${uid}.slice`, unit))
  if (!ours) return { subject, status: 'degraded', detail: `${unit} has none: whether limits of VMs hold cannot be seen` }
  const lacking = CONTROLLERS.filter((name) => !ours.includes(name))
  if (lacking.length === 0) return { subject, status: 'ok', detail: `${CONTROLLERS.join(', ')} are delegated to ${unit}` }
  const detail = `limits of ${lacking.join(', ')} do not hold: `
  if (lacking.some((name) => !kernel.includes(name))) return { subject, status: 'degraded', detail: `${detail}the kernel has none` }
  // systemd.unit(5): a drop-in counts for all users' managers, from the next start of each.
  const dropIn = '/etc/systemd/system/user@.service.d/aetherscale.conf'
  const write = `printf '[Service]\\nDelegate=${CONTROLLERS.join(' ')}\\n' | sudo install -D -m 644 /dev/stdin ${dropIn}`
  return { subject, status: 'degraded', detail: `${detail}${unit} is not given them`, remedy: `${write} && sudo systemctl reboot` }
}

function readControllers(group: string): string[] | undefined {
  return readOrNothing(() => readFileSync(join(group, 'cgroup.controllers'), 'utf8'))?.split(/\s+/).filter(Boolean)
}
