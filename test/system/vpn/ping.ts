/** Pings from guests: what came back. */
import { eventually } from '../daemon.ts'
import type { Site } from './scene.ts'

/** The guest of one host. */
export type Pinging = Pick<Site, 'name' | 'inGuest'>

/** What is known there of the way to an address that does not answer. */
function tellOfWay({ inGuest }: Pinging, address: string): string {
  return inGuest(`ip -6 address show dev eth0; ip -6 route; ip -6 neigh show; ping -6 -c 2 -W 2 ${address} 2>&1 || true`)
}

export interface Pings {
  readonly sent: number
  readonly received: number
}

/** What busybox's ping(1) says at its end. */
export function readPings(text: string): Pings {
  const [, sent, received] = /(\d+) packets transmitted, (\d+) packets received/.exec(text) ?? []
  if (sent === undefined) throw new Error(`not the end of a ping: ${text}`)
  return { sent: Number(sent), received: Number(received) }
}

/** `bytes` are those of the whole IPv6 packet: its header of 40 and ICMPv6's of 8 are among them. */
export function ping(from: Pinging, address: string, { count = 2, bytes = 104 }: { count?: number; bytes?: number } = {}): Pings {
  return readPings(from.inGuest(`ping -6 -q -c ${count} -i 0.2 -W 3 -s ${bytes - 48} ${address} || true`))
}

/** Waits until something answers there. */
export async function awaitPing(from: Pinging, address: string): Promise<void> {
  await eventually(() => ping(from, address, { count: 1 }).received > 0, () => `an answer of ${address} to ${from.name}:\n${tellOfWay(from, address)}`)
}

/** One that goes on, five times a second, until it is ended. `name` tells it apart from others of the guest. */
export function beginPing(from: Pinging, address: string, name: string): { end(): Pings } {
  from.inGuest(`ping -6 -i 0.2 -W 3 ${address} >/tmp/${name} 2>&1 & echo $! >/tmp/${name}.pid`)
  return {
    end: () => readPings(from.inGuest(`kill -INT $(cat /tmp/${name}.pid); while kill -0 $(cat /tmp/${name}.pid) 2>/dev/null; do usleep 50000; done; tail -n 3 /tmp/${name}`)),
  }
}
