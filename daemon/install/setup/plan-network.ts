/** PURE: the helper's units and what the allowlist grants. */
import { UserError } from '../../../policy/errors.ts'
import { ALLOWLIST_FILE } from '../../../policy/privileged/allowlist.ts'
import type { Facts } from './facts.ts'
import { addGrant } from './grants.ts'
import type { SetupOptions } from './options.ts'
import { helperSocket, programs, RADVD_PATH, SYSTEM_UNITS } from './places.ts'
import { UID, type Made, type Step } from './step.ts'

export function planNetwork(options: SetupOptions, facts: Facts): Step[] {
  return [planGrant(options, facts), planAdvertising(facts), planSocket(facts)]
}

function planGrant(options: SetupOptions, { owner, localNames, texts, bridges, present }: Facts): Step {
  const { prefix, createBridge } = options
  const absent = options.bridges.filter((name) => !bridges.has(name) && name !== createBridge?.bridge)
  if (absent.length > 0) {
    throw new UserError('NET_NOT_FOUND', `There is no bridge ${absent.join(', no ')} on this host`, {
      field: 'bridge',
      hint: 'Make it first, or have setup do so: --create-bridge br0 --uplink eth0. `ip link show type bridge` shows those that there are',
    })
  }
  const uid = owner.uid ?? UID
  const name = owner.uid === undefined || localNames.has(owner.name) ? owner.name : uid
  const { principal, previous, text } = addGrant(texts.get(ALLOWLIST_FILE), { name, uid }, { bridges: options.bridges, prefix })
  const what = [
    'private networks',
    ...(prefix === undefined ? [] : [`prefixes of ${prefix}`]),
    ...(options.bridges.length === 0 ? [] : [`the bridge${options.bridges.length > 1 ? 's' : ''} ${options.bridges.join(', ')}`]),
  ]
  return {
    says: `allow ${owner.name}'s VMs ${what.join(', ')} (${ALLOWLIST_FILE})`,
    isDone: text === undefined,
    made: [
      ...(present.has(ALLOWLIST_FILE) ? [] : [{ kind: 'file', path: ALLOWLIST_FILE } as const]),
      { kind: 'grant', principal, previous, of: owner.name },
    ],
    actions: text === undefined ? [] : [{ write: ALLOWLIST_FILE, text }],
  }
}

/** The folder that `systemctl enable` makes where nothing was in it. */
function wantsFolder(target: string, { present }: Facts): Made[] {
  const path = `${SYSTEM_UNITS}/${target}.wants`
  return present.has(path) ? [] : [{ kind: 'folder', path }]
}

function planAdvertising(facts: Facts): Step {
  const isEnabled = facts.present.has(`${SYSTEM_UNITS}/paths.target.wants/${RADVD_PATH}`)
  return {
    says: 'watch for what private networks advertise',
    // without radvd it is enabled, and its condition keeps it from running
    isDone: isEnabled && (facts.active.has(RADVD_PATH) || !facts.present.has('/usr/sbin/radvd')),
    made: isEnabled ? [] : [...wantsFolder('paths.target', facts), { kind: 'unit', unit: RADVD_PATH }],
    actions: [{ run: [programs.systemctl, 'enable', '--now', RADVD_PATH] }],
  }
}

function planSocket(facts: Facts): Step {
  const { owner, present, active } = facts
  const uid = owner.uid ?? UID
  const unit = helperSocket(uid)
  const isEnabled = present.has(`${SYSTEM_UNITS}/sockets.target.wants/${unit}`)
  return {
    says: `open the network helper's socket for ${owner.name}`,
    isDone: isEnabled && active.has(unit),
    made: isEnabled ? [] : [...wantsFolder('sockets.target', facts), { kind: 'helperSocket', uid, of: owner.name }],
    actions: [{ run: [programs.systemctl, 'enable', '--now', unit] }],
  }
}

/** Bridges are the admin's: setup says what would be better, and changes nothing. */
export function adviseOnBridges({ bridges }: SetupOptions, facts: Facts): string[] {
  return bridges.flatMap((name) => {
    const bridge = facts.bridges.get(name)
    if (!bridge) return []
    const mac = `${name} has no MAC address of its own and takes that of a port, which may be a guest's: ip link set ${name} address …`
    const routers = `${name} hears router advertisements, and a guest on it can send them: sysctl net.ipv6.conf.${name}.accept_ra=0, unless the host has its IPv6 by them`
    return [...(bridge.hasOwnMac ? [] : [mac]), ...(bridge.hearsRouters ? [routers] : [])]
  })
}
