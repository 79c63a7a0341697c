/** PURE: what setup has made -> the steps that take it back, the last made first, and what is left. */
import type { Facts } from './facts.ts'
import { ownersPlaces } from './facts.ts'
import { grantsAnything, takeGrant } from './grants.ts'
import { ETC, helperSocket, HOME, OWNER, programs, RADVD_PATH } from './places.ts'
import type { Action, Made, Step } from './step.ts'
import { ALLOWLIST_FILE } from '../../../policy/privileged/allowlist.ts'

export interface RemovalOptions {
  /** Disks, images and records of VMs too. */
  readonly purge: boolean
  /** What was made for this user alone; what all share stays while there is another one. */
  readonly forUser: string | undefined
}

export interface Removal {
  /** `made` of a step is what is taken back by it. */
  readonly steps: readonly Step[]
  readonly leaves: readonly string[]
}

interface RemovalFacts extends Pick<Facts, 'made' | 'boot'> {
  /** The text of the allowlist. */
  readonly allowlist: string | undefined
}

export function planRemoval({ purge, forUser }: RemovalOptions, facts: RemovalFacts): Removal {
  const { made } = facts
  const others = made.some(({ of }) => of !== undefined && of !== forUser)
  const chosen = forUser === undefined ? made : made.filter(({ of }) => of === forUser || (of === undefined && !others))
  // the VMs' files stay, and so does whom they belong to, and the note of who made both
  const keepsHome = !purge && chosen.some(({ kind }) => kind === 'home')
  const taken = chosen.filter((each) => !(keepsHome && staysWithHome(each)))
  let { allowlist } = facts
  const steps = taken.toReversed().map((each): Step => {
    if (each.kind === 'grant') allowlist = takeGrant(allowlist, each.principal, each.previous)
    return { ...undo(each, { purge, allowlist, boot: facts.boot }), isDone: false, made: [each] }
  })
  const users = chosen.flatMap((each) => (each.kind === 'config' && each.user !== OWNER ? [each] : []))
  return {
    steps,
    leaves: [
      ...(keepsHome ? [`${HOME} with VMs, disks and images, the user ${OWNER} whose they are, and ${ETC}/setup.json; --remove --purge removes them`] : []),
      ...(purge ? [] : users.map(({ user }) => `VMs, disks and images of ${user} in ~/.local/share/aetherscale and ~/.config/aetherscale; --purge removes them`)),
    ],
  }
}

function staysWithHome(made: Made): boolean {
  if (made.kind === 'home') return true
  if (made.kind === 'user' || made.kind === 'group') return made.name === OWNER
  if (made.kind === 'file') return made.path.endsWith('-') || made.path.endsWith('.pwd.lock')
  return made.kind === 'folder' && made.path === ETC
}

interface Context extends Pick<RemovalOptions, 'purge'> {
  /** The allowlist as it is to be after the step. */
  readonly allowlist: string | undefined
  readonly boot: string
}

/** What somebody else has come to need is left, and no longer setup's. */
function undo(made: Made, { purge, allowlist, boot }: Context): Pick<Step, 'says' | 'actions'> {
  const systemctl = (...argv: string[]): Action => ({ run: [programs.systemctl, ...argv], mayFail: true })
  switch (made.kind) {
    case 'file':
      if (made.path === ALLOWLIST_FILE && grantsAnything(allowlist)) return { says: `leave ${made.path}, which has entries of others by now`, actions: [] }
      return { says: `remove ${made.path}`, actions: [{ remove: made.path }] }
    case 'folder':
      return { says: `remove the folder ${made.path}, if it is empty`, actions: [{ removeFolder: made.path }] }
    case 'group':
      return { says: `remove the group ${made.name}`, actions: [{ run: [programs.groupdel, made.name], mayFail: true }] }
    case 'user':
      // the group of the same name goes with it, unless somebody else is in there
      return { says: `remove the user ${made.name}`, actions: [{ run: [programs.userdel, made.name], mayFail: true }, { run: [programs.groupdel, made.name], mayFail: true }] }
    case 'home':
      return { says: `remove ${made.path} with all VMs, disks and images`, actions: [{ run: [programs.rm, '-rf', '--one-file-system', made.path] }] }
    case 'member':
      return { says: `take ${made.user} out of the group ${made.group}`, actions: [{ run: [programs.gpasswd, '--delete', made.user, made.group], mayFail: true }] }
    case 'manager':
      return {
        says: `let the manager of user ${made.uid} end as others do`,
        actions: [{ remove: `${made.dropIn}/aetherscale.conf` }, { removeFolder: made.dropIn }, { run: [programs.systemctl, 'daemon-reload'] }],
      }
    case 'linger':
      return {
        says: `let services of ${made.user} end with the last login`,
        actions: [
          { run: [programs.loginctl, 'disable-linger', made.user], mayFail: true },
          // a user who is logged in keeps the manager
          ...(made.user === OWNER ? [systemctl('stop', `user@${made.uid}.service`)] : []),
        ],
      }
    case 'grant':
      return { says: `take ${made.principal} out of ${ALLOWLIST_FILE}`, actions: allowlist === undefined ? [] : [{ write: ALLOWLIST_FILE, text: allowlist }] }
    case 'runtime':
      return { says: `remove ${made.path}`, actions: [{ run: [programs.rm, '-rf', '--one-file-system', made.path] }] }
    case 'unit':
      return {
        says: `disable ${made.unit}`,
        actions: [
          systemctl('disable', '--now', made.unit),
          ...(made.unit === RADVD_PATH ? [systemctl('stop', 'aetherscale-radvd-reload.service', 'aetherscale-radvd.service')] : []),
        ],
      }
    case 'helperSocket':
      return {
        says: `close the network helper's socket of user ${made.uid}, and remove the user's links`,
        actions: [systemctl('disable', '--now', helperSocket(made.uid)), systemctl('stop', 'aetherscale-net.service'), { deleteLinksOf: made.uid }],
      }
    case 'config':
      return { says: `take back the daemon's configuration ${made.path}`, actions: undoConfig(made, purge) }
    case 'daemon':
      return { says: `shut down the VMs of ${made.user}, and stop the daemon`, actions: stopServices(made.user) }
    case 'bridge':
      // after another boot it is there by the admin's own configuration, or not at all
      if (made.boot !== boot) return { says: `leave the bridge ${made.bridge}, should it be there: the host was booted since, and it is the admin's`, actions: [] }
      return { says: `move addresses and routes from ${made.bridge} back to ${made.uplink}`, actions: [{ restoreUplink: made.uplink, bridge: made.bridge }] }
  }
}

const doors = ['aetherscale-http.service', 'aetherscale-broker.service'] as const

/** The doors, for they would only complain of the daemon; the daemon before the VMs: it would start again what it wants to run. A guest has the time that its unit gives it. */
function stopServices(user: string): Action[] {
  const as = (...argv: string[]): Action => ({ run: argv, as: user, mayFail: true })
  const disable = `${programs.systemctl} --user list-unit-files --plain --no-legend 'aetherscale-vm-*.service' | while read unit rest; do ${programs.systemctl} --user disable "$unit"; done`
  return [
    as(programs.systemctl, '--user', 'stop', ...doors),
    as(programs.systemctl, '--user', 'disable', '--now', 'aetherscaled.service'),
    as(programs.systemctl, '--user', 'stop', 'aetherscale-vm-*.service'),
    // The manager of the user that setup made does not run any more. Its VMs and doors start with the host again once it does.
    ...(user === OWNER ? [] : [as(programs.systemctl, '--user', 'disable', ...doors), as(programs.sh, '-c', disable)]),
  ]
}

function undoConfig({ user, path, previous, folders }: Extract<Made, { kind: 'config' }>, purge: boolean): Action[] {
  const home = path.slice(0, path.indexOf('/.config/'))
  const as = (...argv: string[]): Action => ({ run: argv, as: user, mayFail: true })
  const data = ownersPlaces(home, '', true).data
  return [
    previous === null ? as(programs.rm, '-f', path) : { run: [programs.sh, '-c', 'umask 077 && cat >"$1"', 'sh', path], as: user, input: previous, mayFail: true },
    // the home of the user that setup made is removed as a whole
    ...(purge && user !== OWNER
      ? [as(programs.rm, '-rf', '--one-file-system', ...data), as(programs.sh, '-c', 'rm -rf "$1"/.config/systemd/user/aetherscale-vm-????????.service* "$1"/.config/systemd/user/aetherscale-taps-????????.service*', 'sh', home)]
      : []),
    ...folders.toReversed().map((folder) => as(programs.rmdir, '--ignore-fail-on-non-empty', folder)),
  ]
}
