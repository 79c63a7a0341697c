/** The terminal UI: how soon it is there, and what it costs to leave it open. On a daemon that tells of 500 VMs. */
import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { startCrowd } from '../fakes/start-crowd.ts'
import { cpuSecondsOf, startOnPty, type PtyProcess } from '../tui/pty.ts'
import { compare, median, time, type Row } from './measure.ts'

const bundle = fileURLToPath(new URL('../../dist/aetherscale.js', import.meta.url))
const ROUNDS = 15
const VMS = 500
/** Of them, so many change each second. */
const CHANGES = 50
/** For who scrolls. */
const MANY = 2000
const KEYS = 40
/** Seconds that CPU time is counted over, after so many in which the screen has come to rest. */
const COUNTED = 20
const SETTLE = 5

export async function benchScreen(): Promise<Row[]> {
  const cleanups: (() => unknown)[] = []
  const t = { teardown: (clean: () => unknown) => void cleanups.unshift(clean) }
  try {
    const still = await startCrowd(t, VMS, 0)
    const busy = await startCrowd(t, VMS, CHANGES)
    const first = await compare(ROUNDS, () => firstFrame(still), () => time(() => execa(process.execPath, ['-e', '0'])))
    const key = await keyToFrame(t)
    const [changing, idle] = await Promise.all([costOf(t, busy), costOf(t, still)])
    return [
      {
        what: `screen: first frame with ${VMS} VMs, to node -e 0`,
        ours: `${Math.round(first.ours)} ms`,
        baseline: `${Math.round(first.baseline)} ms`,
        value: first.ratio,
        unit: 'x',
        target: { atMost: 6 },
      },
      { what: `screen: ${VMS} VMs, ${CHANGES} of them change each second`, ours: `${changing.percent.toFixed(1)} %`, baseline: 'one core', value: changing.percent, unit: '% of a core', target: { atMost: 8 } },
      { what: `screen: ${VMS} VMs, at rest but for what they use`, ours: `${idle.percent.toFixed(1)} %`, baseline: 'one core', value: idle.percent, unit: '% of a core', target: { atMost: 1 } },
      {
        what: `screen: from a key to its frame, ${MANY} VMs`,
        ours: `${key.toFixed(1)} ms`,
        baseline: 'a frame at 30 a second: 33 ms',
        value: key,
        unit: 'ms',
        target: { atMost: 33 },
      },
      { what: `screen: memory, ${VMS} VMs`, ours: `${idle.mebibytes} MiB`, baseline: `node -e: ${await restingNode(t)} MiB`, value: idle.mebibytes, unit: 'MiB' },
    ]
  } finally {
    for (const clean of cleanups) await clean()
  }
}

function openScreen(t: Parameters<typeof startOnPty>[0], directory: string): Promise<PtyProcess> {
  return startOnPty(t, [process.execPath, bundle], { env: { AETHERSCALE_SOCKET_DIR: directory } })
}

/** Until VMs are on the terminal; the program's own start included, script(1)'s not, for neither has the baseline it. */
async function firstFrame(directory: string): Promise<number> {
  const cleanups: (() => unknown)[] = []
  const screen = await openScreen({ teardown: (clean) => void cleanups.push(clean) }, directory)
  const begin = performance.now()
  await screen.sees(/vm-0001/)
  const took = performance.now() - begin
  screen.write('\u0003')
  await screen.ended
  for (const clean of cleanups) await clean()
  return took
}

/** From the key to the first octet of what the screen answers, while one moves down in many VMs; the median. */
async function keyToFrame(t: Parameters<typeof startOnPty>[0]): Promise<number> {
  const screen = await openScreen(t, await startCrowd(t, MANY, 0))
  await screen.sees(/vm-0001/)
  const times: number[] = []
  for (let key = 0; key < KEYS; key++) {
    await pause(60)
    const before = screen.output().length
    const begin = performance.now()
    screen.write('\u0004')
    while (screen.output().length === before && performance.now() - begin < 1000) await pause(1)
    times.push(performance.now() - begin)
  }
  return median(times)
}

async function costOf(t: Parameters<typeof startOnPty>[0], directory: string): Promise<{ percent: number; mebibytes: number }> {
  const screen = await openScreen(t, directory)
  await screen.sees(/vm-0001/)
  await pause(SETTLE * 1000)
  const before = cpuSecondsOf(screen.pid)
  await pause(COUNTED * 1000)
  return { percent: ((cpuSecondsOf(screen.pid) - before) / COUNTED) * 100, mebibytes: residentOf(screen.pid) }
}

function residentOf(pid: number): number {
  return Math.round(Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024)
}

async function restingNode(t: Parameters<typeof startOnPty>[0]): Promise<number> {
  const node = await startOnPty(t, [process.execPath, '-e', 'setInterval(() => {}, 1000)'])
  await pause(500)
  return residentOf(node.pid)
}
