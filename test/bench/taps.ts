/** What the rows of the helper have in common: one tap after the other on one bridge of the admin's. */
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { decide } from '../../helper/decide.ts'
import { FRAME } from '../../helper/filter.ts'
import { deriveName } from '../../helper/names.ts'

/** `nobody`: an account, as principals are. For a uid without one, ip(8) asks every source of accounts, once a tap. */
export const UID = 65_534
export const BRIDGE = 'br-bench'
export const grant = { bridges: [BRIDGE], services: [], quota: { taps: 1000, bridges: 0 } }

/** The tap of the VM with this number: what the helper is asked for, and what it makes of that. */
export function describeTap(number: number) {
  const vm = Array.from(String(number).padStart(8, '0'), (digit) => 'abcdefghij'[Number(digit)]).join('')
  const params = { vm, nic: 0, attach: { bridge: BRIDGE }, mac: '52:54:00:12:34:56' }
  return { params, ...deriveName({ uid: UID, kind: 'tap', key: `${vm}.0` }) }
}
export type Tap = ReturnType<typeof describeTap>

/** The lines that the helper gives to `ip -batch` to make the tap, without those that only look, and those that it gives to nft(8). */
export function makingLines({ params }: Tap): { ip: string[]; nft: string[] } {
  const bridge = { ifname: BRIDGE, flags: ['UP'], linkinfo: { info_kind: 'bridge' } }
  const host = { id: '', links: new Map([[BRIDGE, bridge]]), filtered: new Set<string>(), advertised: new Map<string, string>() }
  const { steps } = decide({ uid: UID, names: [], grant }, host, { operation: 'tap.ensure', params })
  const texts = steps.filter((step) => typeof step === 'string')
  return { ip: texts.filter((step) => !step.includes('=')), nft: [...FRAME, ...steps.filter((step) => typeof step !== 'string').flat()] }
}

/** One request over a connection of its own, as the helper has it; throws what it refuses. */
export async function ask(socket: string, method: string, params: object): Promise<void> {
  const connection = connect(socket)
  connection.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })}\n`)
  const answer = await text(connection)
  if (!('result' in (JSON.parse(answer) as object))) throw new Error(`${method}: ${answer}`)
}

export async function ensure(socket: string, { params }: Tap): Promise<void> {
  await ask(socket, 'tap.ensure', params)
}

export async function remove(socket: string, { params: { vm, nic } }: Tap): Promise<void> {
  await ask(socket, 'tap.delete', { vm, nic })
}
