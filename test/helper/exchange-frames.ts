/**
 * `node exchange-frames.ts`, with an {@link Exchange} as JSON on its standard input: has frames come from taps, as from the
 * guests that they are for, and listens at taps and at bridges. Prints {@link Arrival}s as JSON.
 *
 * Behind each frame comes another one, that arrives: what has not come before that one does not come. A bridge keeps order.
 */
import { readFileSync, readSync, writeSync, openSync, constants } from 'node:fs'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import koffi from 'koffi'
import { attachTap } from './tap-device.ts'

export interface Exchange {
  readonly taps: readonly string[]
  readonly bridges: readonly string[]
  /** Frames in hexadecimal: the names are of the tap that they come from, and of the tap or bridge where they are looked for. Those of `before` are sent first. */
  readonly rows: readonly { readonly before?: { readonly from: string; readonly frames: readonly string[] }; readonly from: string; readonly frames: readonly string[]; readonly at: string; readonly control: { readonly frames: readonly string[]; readonly at: string } }[]
}

/** Whether all frames came, and whether all of its control did: part of what was cut into fragments is nothing. */
export interface Arrival {
  readonly arrived: boolean
  readonly control: boolean
}

const libc = koffi.load(null)
const socket = libc.func('int socket(int family, int type, int protocol)') as (family: number, type: number, protocol: number) => number
const bind = libc.func('int bind(int fd, const void *address, unsigned int length)') as (fd: number, address: Buffer, length: number) => number

/** packet(7): what the host gets by a link, once all that filters bridges has let it pass. */
function listenAsHost(link: string): number {
  const [AF_PACKET, SOCK_RAW, SOCK_NONBLOCK, ETH_P_ALL] = [17, 3, 0o4000, 3]
  const fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, ETH_P_ALL << 8)
  const address = Buffer.alloc(20)
  address.writeUInt16LE(AF_PACKET)
  address.writeUInt16BE(ETH_P_ALL, 2)
  address.writeInt32LE(Number(readFileSync(`/sys/class/net/${link}/ifindex`, 'utf8')), 4)
  if (fd < 0 || bind(fd, address, address.length) !== 0) throw new Error(`no socket for what comes by ${link}`)
  return fd
}

/** A frame that waits there, in hexadecimal. */
function readFrame(fd: number): string | undefined {
  const buffer = Buffer.alloc(4096)
  try {
    return buffer.subarray(0, readSync(fd, buffer)).toString('hex')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    return undefined
  }
}

async function exchange({ taps, bridges, rows }: Exchange): Promise<Arrival[]> {
  const openTap = (name: string): number => {
    const fd = openSync('/dev/net/tun', constants.O_RDWR | constants.O_NONBLOCK)
    attachTap(fd, name)
    return fd
  }
  const fds = new Map([...taps.map((name) => [name, openTap(name)] as const), ...bridges.map((name) => [name, listenAsHost(name)] as const)])
  // a bridge passes on from a port once it has seen its carrier come up
  const isForwarding = (tap: string): boolean => readFileSync(`/sys/class/net/${tap}/brport/state`, 'utf8').trim() === '3'
  while (!taps.every(isForwarding)) await delay(20)

  const arrivals: Arrival[] = []
  for (const { before, from, frames, at, control } of rows) {
    const seen = new Map<string, Set<string>>([at, control.at].map((name) => [name, new Set()]))
    const has = (name: string, frame: string): boolean => seen.get(name)!.has(frame)
    for (const frame of before?.frames ?? []) writeSync(fds.get(before!.from)!, Buffer.from(frame, 'hex'))
    for (const frame of [...frames, ...control.frames]) writeSync(fds.get(from)!, Buffer.from(frame, 'hex'))
    for (let tries = 0; tries < 100 && !control.frames.every((frame) => has(control.at, frame)); tries += 1) {
      for (const [name, set] of seen) for (let frame; (frame = readFrame(fds.get(name)!)) !== undefined; ) set.add(frame)
      await delay(5)
    }
    arrivals.push({ arrived: frames.every((frame) => has(at, frame)), control: control.frames.every((frame) => has(control.at, frame)) })
  }
  return arrivals
}

process.stdout.write(JSON.stringify(await exchange(JSON.parse(await text(process.stdin)) as Exchange)))
