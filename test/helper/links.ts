/** What a test sees of the links in its namespace, and who does something to them behind the helper's back. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { readFiltered } from '../../helper/filter.ts'
import { identify, type Link } from '../../helper/links.ts'
import { deriveBridgeMac, deriveName, deriveTapMac, type Identity } from '../../helper/names.ts'
import type { TestHelper } from './helper-process.ts'
import { lacksTaps, type Namespace } from './namespace.ts'

const isRoot = process.getuid?.() === 0

/** A principal; for root one that has no account, and of whose rights nothing else is left. In a user namespace there is but uid 0. */
export const UID = isRoot ? 54_321 : 0
export const OTHER = 54_322
/** Why no test can have two principals here; `false` if one can. */
export const lacksPrincipals = lacksTaps() || (!isRoot && 'only root can hand sockets to several uids')

export interface HostLink extends Link {
  readonly ifindex: number
}

export function linksIn(namespace: Namespace): ReadonlyMap<string, HostLink> {
  const links = JSON.parse(namespace.ask('ip', '-N', '-json', '-details', 'link', 'show')) as HostLink[]
  return new Map(links.map((link) => [link.ifname, link]))
}

/** Those that have the form of one of the helper's names, also while half made. */
export function namesIn(namespace: Namespace): string[] {
  return [...linksIn(namespace).keys()].filter((name) => /^ae[bnt][a-z2-7]{12}$/.test(name)).sort()
}

export function nameOf(kind: Identity['kind'], key: string, uid = UID): string {
  return deriveName({ uid, kind, key }).name
}

const PROMISED = {
  bridge: ['ipv4/forwarding=0', 'ipv4/arp_ignore=1', 'ipv4/rp_filter=1', 'ipv6/accept_ra=0', 'ipv6/forwarding=0', 'ipv6/addr_gen_mode=0', 'ipv6/disable_ipv6=1'],
  tap: ['ipv4/forwarding=0', 'ipv4/arp_ignore=1', 'ipv4/rp_filter=1', 'ipv6/disable_ipv6=1'],
}

/** Settings of a link below /proc/sys/net that are not as they are promised, for a bridge that does not advertise; `[]` if all are. */
export function brokenSettings(namespace: Namespace, name: string, kind: Identity['kind']): string[] {
  const paths = PROMISED[kind].map((setting) => `/proc/sys/net/${setting.replace('/', `/conf/${name}/`).replace(/=.*/, '')}`)
  const values = namespace.ask('cat', ...paths).trim().split('\n')
  return PROMISED[kind].map((setting, index) => `${setting.replace(/=.*/, '')}=${values[index]}`).filter((setting, index) => setting !== PROMISED[kind][index])
}

/** Names of taps, there or not, that a filter is in force for. */
export function filteredIn(namespace: Namespace): Set<string> {
  return readFiltered(namespace.run('nft', 'list', 'map', 'bridge', 'aetherscale', 'ports').stdout)
}

/** How a link differs from what the helper promises of it; `[]` if it does not. */
export function flawsOf(namespace: Namespace, identity: Identity, { master }: { master?: string } = {}): string[] {
  const { uid, kind } = identity
  const { name, alias } = deriveName(identity)
  const link = linksIn(namespace).get(name)
  if (!link) return [`no ${name}`]
  const { info_data: data } = link.linkinfo ?? {}
  const accounts = readFileSync('/etc/passwd', 'utf8').split('\n').filter((line) => line.split(':')[2] === String(uid)).map((line) => line.split(':')[0])
  const facts: Record<string, boolean> = {
    group: link.group === '1634038888',
    alias: link.ifalias === alias,
    identity: JSON.stringify(identify(link)) === JSON.stringify(identity),
    up: link.flags.includes('UP'),
    master: link.master === master,
    // NET_ADDR_SET of linux/netdevice.h: somebody said so, and no port changes it
    pinned: namespace.ask('cat', `/sys/class/net/${name}/addr_assign_type`).trim() === '3',
    address: link.address === (kind === 'tap' ? deriveTapMac : deriveBridgeMac)(readFileSync('/etc/machine-id', 'utf8'), name),
    filtered: kind === 'bridge' || filteredIn(namespace).has(name),
    stp: kind === 'tap' || data?.stp_state === 0,
    type: kind === 'bridge' || (data?.type === 'tap' && data.persist === true && data.multi_queue === false),
    user: kind === 'bridge' || [...accounts, String(uid)].includes(String(data?.user)),
  }
  const flaws = Object.keys(facts).filter((fact) => facts[fact] === false)
  return [...flaws.map((fact) => `${fact}: ${JSON.stringify(link)}`), ...brokenSettings(namespace, name, kind)]
}

/** A socket is in its folder a moment before it takes connections. */
export async function untilItListens(helper: TestHelper, uids: readonly number[]): Promise<void> {
  for (const uid of uids) {
    for (let isThere = false; !isThere; await delay(5)) {
      const client = connect(helper.socket(uid))
      isThere = await once(client, 'connect').then(() => true, () => false)
      client.destroy()
    }
  }
}

/** Puts another tap in its place that differs by its options, ` user 0` of ip-tuntap(8), alone; nobody's without any. */
export function remakeTap(namespace: Namespace, name: string, options = ''): void {
  const { group = '', ifalias = '', address = '', master = '' } = linksIn(namespace).get(name)!
  const settings = PROMISED.tap.map((setting) => setting.replace(/(.*)\/(.*)=(.)/, `echo $3 >/proc/sys/net/$1/conf/${name}/$2`))
  namespace.ask('sh', '-ec', [
    `ip link del ${name}`, `ip tuntap add ${name} mode tap${options}`, ...settings,
    `ip link set ${name} group ${group} alias ${ifalias} address ${address} master ${master} up`,
  ].join('\n'))
}

export interface HeldTap {
  /** See hold-tap.ts. Throws if the kernel refuses. */
  tell(line: string): Promise<void>
  /** Closes it. */
  release(): Promise<void>
}

/** Has a real process hold a tap open, as its owner. */
export async function holdTap(t: { teardown(clean: () => unknown): unknown }, namespace: Namespace, name: string, uid = UID): Promise<HeldTap> {
  const [file, args] = namespace.enter(process.execPath, join(import.meta.dirname, 'hold-tap.ts'), name, String(uid))
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const expectDone = async (): Promise<void> => {
    if ((await lines.next()).value !== 'done') throw new Error(`${name} cannot be held, or changed so`)
  }
  const release = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
  }
  t.teardown(release)
  await expectDone()
  return {
    async tell(line) {
      child.stdin.write(`${line}\n`)
      await expectDone()
    },
    release,
  }
}
