/** What the tests of VPNs share: hosts on one wire, each with a user who has a daemon, and a guest on the VPN of all. */
import type { Test } from 'tap'
import type { Vm } from '../../../policy/api/vm.ts'
import type { Vpn } from '../../../policy/api/vpn.ts'
import { addTenant, type Tenant } from '../tenant.ts'
import { openWire, type WiredHost } from './wire.ts'

/** What the hosts' allowlists grant: a's more than those of the others. */
const GRANTS = { a: 'fd5e:a1c0::/28', b: 'fd5e:a1ce::/48', c: 'fd5e:a1ce::/48' } as const
/** The VPN of all, and of which prefix its guests make their addresses. */
export const VPN = 'blue'
export const PREFIX = 'fd5e:a1ce:0:b1::/64'
/** What the hosts are called in it. */
export const NAMES = ['a', 'b', 'c'] as const
export type SiteName = (typeof NAMES)[number]

export interface Site {
  readonly name: SiteName
  readonly host: WiredHost
  readonly alice: Tenant
  /** A command line of sh(1) in the guest of this host, as root; answers what it printed, throws where it fails. */
  inGuest(line: string): string
  /** The guest. */
  vm(): Vm
  /** What `vm.get` says that the guest's address on the VPN is, whether the guest has told it or not. */
  address(): string
  vpn(): Vpn
  /** Runs a command of ours as alice types it, and answers what it prints with `--json`; both go into the transcript. */
  type<T>(t: Test, line: string): T
}

export interface Scene {
  readonly sites: readonly [Site, Site, Site]
  readonly a: Site
  readonly b: Site
  readonly c: Site
}

/** The name of the guest of a host. */
export const guestOf = (name: SiteName): string => `guest-${name}`

export async function setScene(t: Test): Promise<Scene> {
  const hosts = await openWire(t, NAMES.map((name) => `t-vpn-${name}`))
  const sites: Site[] = []
  for (const [index, name] of NAMES.entries()) {
    const host = hosts[index]!
    const image = await host.putTinyImage()
    const alice = addTenant(host, 'alice', `--prefix ${GRANTS[name]}`)
    alice.call('image.import', { path: image, name: 'tiny' })
    sites.push(makeSite(name, host, alice))
  }
  const [a, b, c] = sites as [Site, Site, Site]
  return { sites: [a, b, c], a, b, c }
}

function makeSite(name: SiteName, host: WiredHost, alice: Tenant): Site {
  const vm = guestOf(name)
  return {
    name,
    host,
    alice,
    inGuest(line) {
      const { exitCode, stdout, stderr } = alice.call('vm.exec', { vm, command: ['sh', '-ec', line], timeoutSeconds: 60 })
      if (exitCode !== 0) throw new Error(`${vm}: ${line}: ${String(exitCode)}: ${stderr}${stdout}`)
      return stdout.trimEnd()
    },
    vm: () => alice.call('vm.get', { vm }),
    address: () => networkOf(alice.call('vm.get', { vm })).address ?? '',
    vpn: () => alice.call('vpn.get', { vpn: VPN }),
    type<T>(t: Test, line: string) {
      const printed = alice.sh(`aetherscale --json ${line}`)
      for (const said of [`alice@${name}$ aetherscale ${line}`, ...printed.split('\n')]) t.comment(shorten(said))
      return JSON.parse(printed) as T
    },
  }
}

/** Nobody reads tokens to their end, or all that there is to a VM. */
function shorten(line: string): string {
  const short = line.replace(/[\w.-]{70,}/g, (word) => `${word.slice(0, 32)}…`)
  return short.length > 240 ? `${short.slice(0, 239)}…` : short
}

/** The VM's interface on the VPN. */
export function networkOf({ id, networks }: Vm): Extract<Vm['networks'][number], { kind: 'vpn' }> {
  const found = networks.find((network) => network.kind === 'vpn')
  if (!found) throw new Error(`VM ${id} is on no VPN`)
  return found
}
