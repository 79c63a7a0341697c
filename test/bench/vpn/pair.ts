/** Two hosts and a guest of each, as network namespaces: what is compared are the ways from one guest to the other. */
import { openNamespace, type Namespace } from '../../helper/namespace.ts'

interface Test {
  teardown(clean: () => unknown): unknown
}

export interface Side {
  readonly host: Namespace
  readonly guest: Namespace
  /** 1 or 2: the last part of all its addresses. */
  readonly number: number
  /** Of the host, on the wire between both. */
  readonly address: string
}

export async function openPair(t: Test): Promise<readonly [Side, Side]> {
  const open = async (number: number): Promise<Side> => {
    return { host: await openNamespace(t), guest: await openNamespace(t), number, address: `10.99.0.${number}` }
  }
  const sides = [await open(1), await open(2)] as const
  layCable(sides, 'wire')
  for (const { host, address } of sides) host.ask('ip', 'address', 'add', `${address}/24`, 'dev', 'wire')
  return sides
}

/** A virtual cable between the hosts, called so at both ends. */
export function layCable([one, two]: readonly [Side, Side], name: string): void {
  one.host.ask('ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', name, 'netns', String(two.host.pid))
  for (const { host } of [one, two]) host.ask('ip', 'link', 'set', name, 'up')
}

export interface Port {
  /** Of the interface in the guest, and of its end at the host. */
  readonly name: string
  readonly mac?: string
  readonly mtu?: number
  /** With its length. */
  readonly address: string
}

/** Gives the guest an interface that is a port of a bridge of its host. */
export function plug({ host, guest }: Side, bridge: string, { name, mac, mtu = 1500, address }: Port): void {
  const end = ['name', name, ...(mac === undefined ? [] : ['address', mac]), 'mtu', String(mtu), 'netns', String(guest.pid)]
  host.ask('ip', 'link', 'add', name, 'mtu', String(mtu), 'type', 'veth', 'peer', ...end)
  host.ask('ip', 'link', 'set', name, 'master', bridge, 'up')
  guest.ask('ip', 'link', 'set', name, 'up')
  guest.ask('ip', 'address', 'add', address, 'dev', name, ...(address.includes(':') ? ['nodad'] : []))
}
