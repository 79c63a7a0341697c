/** VPNs: what goes through a tunnel of ours, and how long it takes from nothing to a ping from host to host. */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { locateProgram } from '../../daemon/service/environment.ts'
import { lacksTaps } from '../helper/namespace.ts'
import { lacksHosts } from '../system/host-box.ts'
import { compare, type Row } from './measure.ts'
import { noTunnel } from './vpn/bare.ts'
import { tunnelByHand } from './vpn/by-hand.ts'
import { fromNothing } from './vpn/from-nothing.ts'
import { tunnelOfOurs } from './vpn/ours.ts'
import { openPair } from './vpn/pair.ts'
import { openStream } from './vpn/stream.ts'

const ROUNDS = 41

/** Says which rows it leaves out, and why. */
export async function benchVpn(): Promise<Row[]> {
  const cleanings: (() => unknown)[] = []
  const test = { teardown: (clean: () => unknown) => cleanings.unshift(clean) }
  try {
    return [...(await benchThroughput(test)), ...(await benchFromNothing(test))]
  } finally {
    for (const clean of cleanings) await clean()
  }
}

interface Test {
  teardown(clean: () => unknown): unknown
}

async function benchThroughput(t: Test): Promise<Row[]> {
  const reason = lacksTunnels()
  if (reason !== false) {
    console.log(`Left out: throughput of VPNs (${reason})`)
    return []
  }
  const scratch = mkdtempSync(join(tmpdir(), 'aetherscale-bench-'))
  // for a tincd that is not root
  chmodSync(scratch, 0o755)
  t.teardown(() => {
    rmSync(scratch, { recursive: true })
  })
  const sides = await openPair(t)
  const [ours, byHand, bare] = [await tunnelOfOurs(t, sides, scratch), tunnelByHand(t, sides, scratch), noTunnel(sides)]
  const stream = openStream(t, sides)
  const rows: Row[] = []
  for (const [what, other, target] of [['tinc by hand', byHand, { atLeast: 0.95 }], ['no tunnel at all', bare, undefined]] as const) {
    const { ours: mine, baseline, ratio } = await compare(target ? ROUNDS : 3, () => stream(ours), () => stream(other))
    rows.push({ what: `TCP from guest to guest through a VPN, to ${what}`, ours: megabits(mine), baseline: megabits(baseline), value: ratio, unit: '×', ...(target && { target }) })
  }
  return rows
}

function lacksTunnels(): string | false {
  if (process.getuid?.() !== 0) return 'only root can have a tincd run by hand'
  const missing = ['tincd', 'nft', 'iperf3'].find((program) => locateProgram(program) === undefined)
  if (missing !== undefined) return `${missing} is not installed`
  return lacksTaps() || (spawnSync('unshare', ['-nm', 'true']).status !== 0 && 'this root may make no namespaces')
}

async function benchFromNothing(t: Test): Promise<Row[]> {
  const reason = lacksHosts()
  if (reason !== false) {
    console.log(`Left out: from nothing to a ping from host to host (${reason})`)
    return []
  }
  return await fromNothing(t)
}

function megabits(bitsPerSecond: number): string {
  return `${(bitsPerSecond / 1e6).toFixed(0)} Mbit/s`
}
