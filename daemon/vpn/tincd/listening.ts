/** On which versions of IP a tincd listens, by proc(5). */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { readOrNothing } from '../../service/process.ts'

/** What it opens last of each version. */
const TABLES = { IPv4: 'udp', IPv6: 'udp6' } as const
type Version = keyof typeof TABLES

/** `undefined` where the host has no such version. */
function listensOn(pid: number, port: number, version: Version): boolean | undefined {
  const table = readOrNothing(() => readFileSync(`/proc/${pid}/net/${TABLES[version]}`, 'utf8'))
  const socketOf = (fd: string): string | undefined => /^socket:\[(\d+)\]$/.exec(readOrNothing(() => readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? '')?.[1]
  const own = new Set(readOrNothing(() => readdirSync(`/proc/${pid}/fd`))?.map(socketOf))
  const at = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return table?.split('\n').some((line) => {
    const [, local = '', , , , , , , , socket] = line.trim().split(/\s+/)
    return local.endsWith(at) && own.has(socket)
  })
}

/** Whether it does on any, as soon as it is ready. */
export const isListening = (pid: number, port: number): boolean => (['IPv4', 'IPv6'] as const).some((version) => listensOn(pid, port, version))

/**
 * The version that it does not listen on. Where its port is taken for one version alone, if only by what another program has
 * just sent something from, it goes on with the other one. `undefined` also where it listens on none, as until it is ready.
 */
export const deafVersion = (pid: number, port: number): Version | undefined =>
  isListening(pid, port) ? (['IPv4', 'IPv6'] as const).find((version) => listensOn(pid, port, version) === false) : undefined
