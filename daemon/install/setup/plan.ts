/** PURE: what is wanted and what is there -> the steps of setup, those included that are done already. */
import { UserError } from '../../../policy/errors.ts'
import type { Move } from './bridge/move.ts'
import { planAccounts } from './plan-accounts.ts'
import { planDaemon } from './plan-daemon.ts'
import { planNetwork, adviseOnBridges } from './plan-network.ts'
import type { Facts } from './facts.ts'
import type { SetupOptions } from './options.ts'
import { ETC, PACKAGE_FILES } from './places.ts'
import type { Made, Step } from './step.ts'

export interface Plan {
  readonly steps: readonly Step[]
  /** What the admin should know. */
  readonly notes: readonly string[]
}

/** Programs that change accounts leave a copy of each file as it was, and a lock (passwd(5), group(5)). */
export const ACCOUNT_FILES = ['passwd-', 'group-', 'shadow-', 'gshadow-', 'subuid-', 'subgid-', '.pwd.lock'].map((name) => `/etc/${name}`)

/** Throws a UserError for what is not setup's to decide; nothing is done then. */
export function planSetup(options: SetupOptions, facts: Facts): Plan {
  const missing = PACKAGE_FILES.filter((path) => !facts.present.has(path))
  if (missing.length > 0) {
    throw new UserError('SETUP_NOT_INSTALLED', `The package is not whole: there is no ${missing.join(', no ')}`, {
      hint: 'Install the package of aetherscale, and run its `aetherscale setup`',
    })
  }
  const steps = [planFolder(facts), ...planAccounts(options, facts), ...planNetwork(options, facts), ...planDaemon(options, facts)]
  return { steps: [...steps, ...planBridge(options, facts)], notes: [...adviseOnBridges(options, facts), ...(isToMove(facts.move) ? facts.move.notes : [])] }
}

function planFolder({ present }: Facts): Step {
  const made: Made[] = [
    // the first to be noted is the last to go, and the note lies in there
    ...(present.has(ETC) ? [] : [{ kind: 'folder', path: ETC } as const]),
    ...ACCOUNT_FILES.filter((path) => !present.has(path)).map((path) => ({ kind: 'file', path }) as const),
  ]
  return { says: `make the folder ${ETC}, and note in it what setup makes`, isDone: present.has(ETC), made, actions: [{ makeFolder: ETC }] }
}

function isToMove(move: Facts['move']): move is Move {
  return move !== undefined && move !== 'done'
}

/** Last, for it is the one that can cut off whoever runs it. */
function planBridge({ createBridge }: SetupOptions, { move, boot }: Facts): Step[] {
  if (!createBridge || move === undefined) return []
  const { bridge, uplink } = createBridge
  return [
    {
      says: `make the bridge ${bridge} and move what ${uplink} has of addresses and routes to it`,
      isDone: !isToMove(move),
      made: [{ kind: 'bridge', bridge, uplink, boot }],
      actions: isToMove(move) ? [{ moveUplink: move }] : [],
    },
  ]
}
