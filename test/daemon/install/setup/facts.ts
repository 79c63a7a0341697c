/** A host as setup sees it: fresh, with the package installed, or as a test says. */
import type { Account, Facts } from '../../../../daemon/install/setup/facts.ts'
import type { SetupOptions } from '../../../../daemon/install/setup/options.ts'
import { HOME, OWNER, PACKAGE_FILES } from '../../../../daemon/install/setup/places.ts'
import { ACCOUNT_FILES } from '../../../../daemon/install/setup/plan.ts'
import { fillUid, type Action, type Step } from '../../../../daemon/install/setup/step.ts'

export const plain: SetupOptions = { bridges: [], prefix: undefined, createBridge: undefined, members: [], observers: [], isForUser: false }
export const alice: Account = { name: 'alice', uid: '1001', gid: '1001', home: '/home/alice' }

export function freshHost(more: Partial<Facts> = {}): Facts {
  return {
    owner: { name: OWNER, home: HOME, uid: undefined },
    accounts: new Map([[alice.name, alice]]),
    localNames: new Set(['root', 'alice']),
    groups: new Map([['kvm', []]]),
    texts: new Map(),
    present: new Set<string>([...PACKAGE_FILES, ...ACCOUNT_FILES, '/usr/sbin/radvd']),
    active: new Set(),
    daemon: { isEnabled: false, answers: false },
    bridges: new Map(),
    made: [],
    move: undefined,
    boot: 'b1',
    ...more,
  }
}

/** The host after some of the steps, as far as their own deeds and notes tell. */
export function afterwards(facts: Facts, steps: readonly Step[], uid: string): Facts {
  const filled = steps.map((step) => fillUid(step, uid))
  const actions = filled.flatMap((step) => step.actions)
  const made = filled.flatMap((step) => step.made)
  const groups = new Map([...facts.groups].map(([name, members]) => [name, [...members]]))
  for (const each of made) if (each.kind === 'group') groups.set(each.name, [])
  for (const each of made) if (each.kind === 'member') groups.get(each.group)?.push(each.user)
  const users = made.flatMap((each) => (each.kind === 'user' ? [each.name] : []))
  const hasOwner = facts.owner.uid !== undefined || users.includes(OWNER)
  return {
    ...facts,
    groups,
    localNames: new Set([...facts.localNames, ...users]),
    owner: hasOwner ? { ...facts.owner, uid: facts.owner.uid ?? uid } : facts.owner,
    accounts: new Map([...facts.accounts, ...users.map((name) => [name, { name, uid, gid: uid, home: name === OWNER ? HOME : '/' }] as const)]),
    texts: new Map([...facts.texts, ...actions.flatMap(textsOf)]),
    present: new Set([...facts.present, ...made.flatMap((each) => ('path' in each ? [each.path] : [])), ...actions.flatMap(pathsOf), ...enabledBy(actions)]),
    active: new Set([...facts.active, ...actions.flatMap(unitsOf)]),
    daemon: actions.some((action) => 'awaitAnswer' in action) ? { isEnabled: true, answers: true } : facts.daemon,
    made,
  }
}

function textsOf(action: Action): (readonly [string, string])[] {
  if ('write' in action) return [[action.write, action.text]]
  return 'run' in action && action.input !== undefined ? [[action.run.at(-1)!, action.input]] : []
}

function pathsOf(action: Action): string[] {
  if ('makeFolder' in action) return [action.makeFolder]
  if (!('run' in action)) return []
  if (action.run.includes('enable-linger')) return [`/var/lib/systemd/linger/${action.run.at(-1)!}`]
  return action.run.includes('/usr/lib/tmpfiles.d/aetherscale.conf') ? ['/run/aetherscale-net', '/run/aetherscale-ra/pending'] : []
}

function unitsOf(action: Action): string[] {
  return 'run' in action && !action.run.includes('--user') && action.run.some((word) => word === '--now' || word === 'start') ? [action.run.at(-1)!] : []
}

function enabledBy(actions: readonly Action[]): string[] {
  return actions.flatMap(unitsOf).map((unit) => `/etc/systemd/system/${unit.endsWith('.path') ? 'paths' : 'sockets'}.target.wants/${unit}`)
}

