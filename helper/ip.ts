/** One `ip -batch` process: it tells what links there are, and does what was decided. */
import { spawn } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Link, Links } from './links.ts'
import { Refusal, refuse } from './refusal.ts'

const [OURS, PENDING, NUMBER] = ['ae[bnt][a-z2-7]{12}', 'aen[a-z2-7]{12}', '[0-9]{1,10}']
const [MAC, MASTER] = ['address [0-9a-f]{2}(:[0-9a-f]{2}){5}', 'master [A-Za-z][A-Za-z0-9_.-]{0,14}']
/**
 * Every line that ip(8) is ever given. It splits words at blanks and commands at newlines by itself, so each line is held
 * against this at the last moment.
 */
const LINES = [
  'link show( dev lo)?',
  `link del dev ${OURS}`,
  `link add dev ${PENDING} group ${NUMBER} type bridge stp_state 0 mcast_snooping 0`,
  `tuntap add dev ${PENDING} mode tap user ${NUMBER}`,
  `link set dev ${PENDING} name ${OURS} group ${NUMBER} alias aetherscale:${NUMBER}:[a-z0-9:.-]{5,43} ${MAC}( up)?`,
  `link set dev ${OURS} ${MAC} up type bridge stp_state 0`,
  `link set dev ${OURS} ${MAC} ${MASTER} up`,
  `link set dev ${OURS} nomaster`,
].map((line) => new RegExp(`^${line}$`))
export const SETTING = new RegExp(`^(ipv[46]/conf/${OURS}/(?:accept_ra|addr_gen_mode|arp_ignore|disable_ipv6|forwarding|rp_filter))=([01])$`)

/** Whether this may be written to ip(8). */
export const isLine = (line: string): boolean => LINES.some((grammar) => grammar.test(line))

/** `run` does lines and settings in order; one that fails is the last. `settle` resolves when all of them are done. */
export type Ip = Readonly<{ links(): Promise<Links>; run(steps: readonly string[]): Promise<void>; settle(): Promise<unknown> }>

/** Resolves when `work` and all that it had done is done. Throws what it throws, and NET_FAILED. */
export async function useIp<T>(program: string, work: (ip: Ip) => Promise<T>): Promise<T> {
  // the kernel answers in milliseconds; what takes ten seconds hangs
  const child = spawn(program, ['-N', '-json', '-details', '-batch', '-'], { env: {}, timeout: 10_000, killSignal: 'SIGKILL' })
  // octets: of characters, readline takes more than a newline for the end of a line
  const answers = createInterface(child.stdout.setEncoding('latin1'))[Symbol.asyncIterator]()
  let words = ''
  child.stderr.on('data', (chunk: Buffer) => (words = `${words}${chunk.toString()}`.slice(0, 500)))
  // that it reads no more is told by how it ends
  child.stdin.on('error', () => undefined)
  const trouble = new Promise<string | undefined>((resolve) => {
    child.on('error', ({ message }) => resolve(message))
    child.on('close', (status, signal) => resolve(status === 0 ? undefined : words.trim() || `ended by ${signal ?? status}`))
  })
  const write = (line: string): void => {
    if (!isLine(line)) throw new Error(`not a line for ip: ${line}`)
    child.stdin.write(`${line}\n`)
  }
  /** The answer comes when all lines before are done. */
  const show = async (what: string): Promise<string> => {
    write(`link show${what}`)
    const { value, done } = await answers.next()
    return done ? refuse('NET_FAILED', `ip: ${(await trouble) ?? 'ended early'}`) : Buffer.from(value, 'latin1').toString()
  }
  const settle = (): Promise<string> => show(' dev lo')
  const run = async (steps: readonly string[]): Promise<void> => {
    for (const step of steps) {
      const [, setting, value = ''] = SETTING.exec(step) ?? []
      if (setting === undefined) write(step)
      else {
        await settle()
        // one that is not there belongs to a kernel without IPv6, or to a link that is gone, of which the next line tells
        if (existsSync(`/proc/sys/net/${setting}`)) writeFileSync(`/proc/sys/net/${setting}`, value)
      }
    }
  }
  // names and aliases of others' links may hold characters that ip(8) prints as they are, and JSON does not permit; ours hold none
  const links = async (): Promise<Links> => new Map((JSON.parse((await show('')).replace(/\p{Cc}/gu, '\ufffd')) as Link[]).map((link) => [link.ifname, link]))
  const result = work({ links, run, settle })
  const outcome: unknown = await result.catch((error: unknown) => error)
  child.stdin.end()
  const reason = await trouble
  if (reason !== undefined && !(outcome instanceof Refusal)) refuse('NET_FAILED', `ip: ${reason}`)
  return await result
}
