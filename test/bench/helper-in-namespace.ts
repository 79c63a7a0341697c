/**
 * The rows that compare the helper to ip(8), as JSON: `node helper-in-namespace.ts SOCKET [sudo]`. A program of its own,
 * run in the helper's namespace, so that an ip that it starts is there without another program in between.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { clearFilter } from '../../helper/filter.ts'
import { compare, time, type Row } from './measure.ts'
import { BRIDGE, describeTap, ensure, makingLines, remove, UID, type Tap } from './taps.ts'

const MANY = 100
const env = { PATH: process.env['PATH'] }

async function benchInNamespace(socket: string, withSudo: boolean): Promise<Row[]> {
  const tap = describeTap(0)
  const making = (make: (tap: Tap) => Promise<unknown>) => async (): Promise<number> => {
    const took = await time(() => make(tap))
    requireWhole(tap)
    await batch(`link del dev ${tap.name}`)
    return took
  }
  const byHelper = making((tap) => ensure(socket, tap))
  const rows: Row[] = []
  if (withSudo) {
    const { ours, baseline, ratio } = await compare(51, byHelper, making(bySudo))
    rows.push({
      what: 'tap.ensure, how many times faster than four times sudo ip and once sudo nft',
      ours: milliseconds(ours),
      baseline: milliseconds(baseline),
      value: 1 / ratio,
      unit: '×',
      target: { atLeast: 3 },
    })
  }
  const one = await compare(151, byHelper, making(byHand))
  rows.push({
    what: 'tap.ensure, to one nft and one ip -batch of the same lines',
    ours: milliseconds(one.ours),
    baseline: milliseconds(one.baseline),
    value: one.ratio,
    unit: '×',
    target: { atMost: 1.6 },
  })
  const taps = Array.from({ length: MANY }, (_tap, number) => describeTap(number))
  const makingMany = (make: (tap: Tap) => Promise<unknown>, unmake: (tap: Tap) => Promise<unknown>) => (): Promise<number> =>
    time(async () => {
      for (const tap of taps) await make(tap)
      for (const tap of taps) await unmake(tap)
    })
  const many = await compare(
    3,
    makingMany((tap) => ensure(socket, tap), (tap) => remove(socket, tap)),
    makingMany(byHand, async ({ name }) => {
      await batch(`link del dev ${name}`)
      await run('/usr/sbin/nft', clearFilter(name).join('\n'))
    }),
  )
  const each = (ms: number): string => `${ms.toFixed(0)} ms, ${(ms / MANY).toFixed(1)} each`
  rows.push({
    what: `${MANY} taps made, then deleted, to an nft and an ip -batch for each`,
    ours: each(many.ours),
    baseline: each(many.baseline),
    value: many.ratio,
    unit: '×',
  })
  const left = links().map(({ ifname }) => ifname).filter((name) => name !== 'lo' && name !== BRIDGE)
  if (left.length > 0) throw new Error(`links are left: ${left.join(' ')}`)
  return rows
}

/** The same lines, and the filter first as well. */
async function byHand(tap: Tap): Promise<void> {
  const { ip, nft } = makingLines(tap)
  await run('/usr/sbin/nft', nft.join('\n'))
  await batch(...ip)
}

/** As it is done by a daemon that may run ip and nft with sudo. */
async function bySudo(tap: Tap): Promise<void> {
  const { name, alias } = tap
  await run('sudo', '-n', 'nft', makingLines(tap).nft.join('\n'))
  await run('sudo', '-n', 'ip', 'tuntap', 'add', 'dev', name, 'mode', 'tap', 'user', String(UID))
  await run('sudo', '-n', 'ip', 'link', 'set', 'dev', name, 'master', BRIDGE)
  await run('sudo', '-n', 'ip', 'link', 'set', 'dev', name, 'alias', alias)
  await run('sudo', '-n', 'ip', 'link', 'set', 'dev', name, 'up')
}

async function run(program: string, ...args: string[]): Promise<void> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'], env })
  const [status] = (await once(child, 'exit')) as [number | null]
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}`)
}

/** `/usr/sbin/ip` as the helper has it, not looked for in a PATH. */
async function batch(...lines: readonly string[]): Promise<void> {
  const child = spawn('/usr/sbin/ip', ['-batch', '-'], { stdio: ['pipe', 'ignore', 'inherit'], env: {} })
  child.stdin.end(lines.map((line) => `${line}\n`).join(''))
  const [status] = (await once(child, 'exit')) as [number | null]
  if (status !== 0) throw new Error(`ip -batch ended with ${status}: ${lines.join('; ')}`)
}

/** No way may do less than the others. */
function requireWhole({ name, alias }: Tap): void {
  const link = links().find(({ ifname }) => ifname === name)
  if (link?.master === BRIDGE && link.ifalias === alias && link.flags.includes('UP') && link.linkinfo?.info_data?.persist) return
  throw new Error(`not the tap it ought to be: ${JSON.stringify(link)}`)
}

interface Link {
  readonly ifname: string
  readonly ifalias?: string
  readonly master?: string
  readonly flags: readonly string[]
  readonly linkinfo?: { readonly info_data?: { readonly persist?: boolean } }
}

function links(): Link[] {
  return JSON.parse(spawnSync('/usr/sbin/ip', ['-json', '-details', 'link', 'show'], { encoding: 'utf8', env: {} }).stdout) as Link[]
}

function milliseconds(ms: number): string {
  return `${ms.toFixed(2)} ms`
}

const [socket = '', sudo] = process.argv.slice(2)
process.stdout.write(JSON.stringify(await benchInNamespace(socket, sudo === 'sudo')))
