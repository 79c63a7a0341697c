/** PURE: users, groups, and what systemd does for the user of the daemon. */
import { UserError } from '../../../policy/errors.ts'
import { ownersPlaces, type Facts } from './facts.ts'
import type { SetupOptions } from './options.ts'
import { HELPER_USERS, HOME, OBSERVERS, OWNER, programs, RUNTIME, TMPFILES } from './places.ts'
import { UID, type Made, type Step } from './step.ts'

const HELPER_FOLDERS = ['/run/aetherscale-net', '/run/aetherscale-ra/pending']
/** Only once its owner is there: a package alone makes no folder of it. */
export const TMPFILES_TEXT = `# The sockets of the daemon.
d ${RUNTIME} 0755 ${OWNER} ${OWNER}
`
/** The manager of the user that owns the VMs comes back by itself, and with it daemon and VMs. */
export const DROP_IN_TEXT = `[Unit]
StartLimitIntervalSec=0

[Service]
Restart=always
RestartSec=1
`

export function planAccounts(options: SetupOptions, facts: Facts): Step[] {
  return [planHelperUsers(facts), ...(options.isForUser ? [] : planOwner(facts)), ...planMembers(options, facts)]
}

function planHelperUsers({ accounts, present }: Facts): Step {
  const missing = HELPER_USERS.filter((name) => !accounts.has(name))
  const made: Made[] = missing.map((name) => ({ kind: 'user', name }))
  return {
    says: `make the users ${HELPER_USERS.join(' and ')}, who serve the network, and their folders in /run`,
    isDone: missing.length === 0 && HELPER_FOLDERS.every((path) => present.has(path)),
    made: [...made, ...['/run/aetherscale-net', '/run/aetherscale-ra'].flatMap((path): Made[] => (present.has(path) ? [] : [{ kind: 'runtime', path }]))],
    actions: [
      { run: [programs.sysusers, '/usr/lib/sysusers.d/aetherscale.conf'] },
      { run: [programs.tmpfiles, '--create', '/usr/lib/tmpfiles.d/aetherscale.conf'] },
      { run: [programs.sysctl, '/usr/lib/sysctl.d/99-zz-aetherscale.conf'] },
    ],
  }
}

function planOwner(facts: Facts): Step[] {
  const { accounts, groups, present, texts } = facts
  const account = accounts.get(OWNER)
  if (account && account.home !== HOME) {
    throw new UserError('SETUP_CONFLICT', `There is a user ${OWNER} whose home is ${account.home}, not ${HOME}`, {
      hint: `It is not setup's. Rename it, or use --user for a setup with a user of your choice`,
    })
  }
  const sysusers = (...lines: string[]): Step['actions'] => [{ run: [programs.sysusers, '--inline', ...lines] }]
  const group = (name: string, whose: string): Step => ({
    says: `make the group ${name}, ${whose}`,
    isDone: groups.has(name),
    made: [{ kind: 'group', name }],
    actions: sysusers(`g ${name} -`),
  })
  const joined = [OBSERVERS, ...(groups.has('kvm') ? ['kvm'] : [])]
  const lacking = joined.filter((name) => !groups.get(name)?.includes(OWNER))
  return [
    group(OWNER, 'who may do everything with VMs'),
    group(OBSERVERS, 'who may look on'),
    {
      says: `make the user ${OWNER}, who runs daemon and VMs`,
      isDone: account !== undefined,
      made: [{ kind: 'user', name: OWNER }],
      actions: sysusers(`u ${OWNER} - "aetherscale" ${HOME}`),
    },
    {
      says: `put ${OWNER} into the group${joined.length > 1 ? 's' : ''} ${joined.join(' and ')}`,
      isDone: lacking.length === 0,
      made: lacking.map((name) => ({ kind: 'member', user: OWNER, group: name })),
      actions: sysusers(...lacking.map((name) => `m ${OWNER} ${name}`)),
    },
    {
      says: `make its home ${HOME}, closed to others`,
      isDone: present.has(HOME),
      made: [{ kind: 'home', path: HOME }],
      actions: [{ run: [programs.install, '-d', '-m', '0700', '-o', OWNER, '-g', OWNER, HOME] }],
    },
    {
      says: `make ${RUNTIME} for the sockets, now and at each boot`,
      isDone: present.has(RUNTIME) && texts.get(TMPFILES) === TMPFILES_TEXT,
      made: [{ kind: 'runtime', path: RUNTIME }, { kind: 'file', path: TMPFILES }],
      actions: [{ write: TMPFILES, text: TMPFILES_TEXT }, { run: [programs.tmpfiles, '--create', TMPFILES] }],
    },
    planDropIn(facts),
  ]
}

function planDropIn({ owner, texts }: Facts): Step {
  const uid = owner.uid ?? UID
  const { dropIn } = ownersPlaces(owner.home, uid, false)
  return {
    says: `have systemd bring back the manager of ${OWNER}'s services whenever it ends`,
    isDone: texts.get(`${dropIn}/aetherscale.conf`) === DROP_IN_TEXT,
    made: [{ kind: 'manager', uid, dropIn }],
    actions: [
      { makeFolder: dropIn },
      { write: `${dropIn}/aetherscale.conf`, text: DROP_IN_TEXT },
      { run: [programs.systemctl, 'daemon-reload'] },
    ],
  }
}

function planMembers({ members, observers }: SetupOptions, { accounts, groups }: Facts): Step[] {
  const join = (group: string, what: string) => (user: string): Step => {
    if (!accounts.has(user)) {
      throw new UserError('SETUP_USER_NOT_FOUND', `There is no user ${user}`, { hint: `Make it first: adduser ${user}` })
    }
    return {
      says: `put ${user} into the group ${group}, so that they may ${what} (from their next login on)`,
      isDone: groups.get(group)?.includes(user) ?? false,
      made: [{ kind: 'member', user, group }],
      actions: [{ run: [programs.gpasswd, '--add', user, group] }],
    }
  }
  return [...members.map(join(OWNER, 'do everything')), ...observers.map(join(OBSERVERS, 'look on'))]
}
