/**
 * Runs inside a box that has been set up, as root: asks for VMs, and kills daemon, helper, QEMU or the whole user manager with
 * SIGKILL meanwhile. `driver.ts ROUNDS SEED` prints one JSON line: what was done, and what was found to be wrong.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { createRandom } from '../../inputs/random.ts'
import type { Vm } from '../../../policy/api/vm.ts'
import { call } from './client.ts'
import { findContradictions, findQemus } from './contradictions.ts'

type Victim = 'daemon' | 'helper' | 'qemu' | 'manager'

const [rounds = 100, seed = 1] = process.argv.slice(2).map(Number)
const next = createRandom(seed)
const below = (limit: number): number => Math.floor(next() * limit)
const chance = (of: number): boolean => next() < of
const pick = <T>(from: readonly T[]): T => from[below(from.length)]!
const uid = execFileSync('id', ['-u', 'aetherscale'], { encoding: 'utf8' }).trim()
/** Only bounds waits that should end long before. */
const WITHIN_MS = 90_000

/** Processes of the victim now. */
function pidsOf(victim: Victim): number[] {
  switch (victim) {
    case 'daemon':
      return cgroup(`user.slice/user-${uid}.slice/user@${uid}.service/app.slice/aetherscaled.service`)
    case 'helper':
      return cgroup('system.slice/aetherscale-net.service')
    case 'qemu':
      return findQemus().map(({ pid }) => pid)
    case 'manager':
      return cgroup(`user.slice/user-${uid}.slice/user@${uid}.service/init.scope`).slice(0, 1)
  }
}

function cgroup(path: string): number[] {
  try {
    return readFileSync(`/sys/fs/cgroup/${path}/cgroup.procs`, 'utf8').split('\n').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

function kill(victim: Victim): boolean {
  const pids = pidsOf(victim)
  const pid = victim === 'qemu' ? pids[below(Math.max(1, pids.length))] : pids[0]
  if (pid === undefined) return false
  try {
    process.kill(pid, 'SIGKILL')
    return true
  } catch {
    return false
  }
}

/** All VMs, when a daemon answers and none of them is in between. */
async function settled(): Promise<Vm[]> {
  const isBetween = ({ state, operation }: Vm): boolean => operation !== undefined || /ing$/.test(state.replace('running', ''))
  let last: unknown
  for (const until = Date.now() + WITHIN_MS; Date.now() < until; await delay(50)) {
    try {
      const { vms } = (await call('vm.list')) as { vms: Vm[] }
      last = vms
      if (!vms.some(isBetween)) return vms
    } catch (error) {
      last = String(error)
    }
  }
  throw new Error(`not settled: ${JSON.stringify(last)}`)
}

interface Step {
  readonly method: string
  readonly params: object
}

const networks = [[{ kind: 'network', name: 'lan' }], [{ kind: 'user' }], [{ kind: 'network', name: 'lan' }, { kind: 'user' }]]

function nextStep(vms: readonly Vm[]): Step {
  const vm = vms.length > 0 ? pick(vms) : undefined
  if (!vm || (vms.length < 4 && chance(0.5))) {
    const params = { image: 'blank', memoryMiB: 32, networks: pick(networks), autostart: chance(0.5), start: chance(0.8) }
    return { method: 'vm.create', params }
  }
  if (chance(0.2)) return { method: 'vm.set', params: { vm: vm.id, autostart: chance(0.5) } }
  if (chance(0.3)) return { method: 'vm.delete', params: { vm: vm.id } }
  if (vm.state !== 'running') return { method: 'vm.start', params: { vm: vm.id } }
  return chance(0.7)
    ? { method: 'vm.stop', params: { vm: vm.id, force: chance(0.7), timeoutSeconds: 1 } }
    : { method: 'vm.restart', params: { vm: vm.id, force: true } }
}

const done: Record<string, number> = {}
const outcomes: Record<string, number> = {}
const wrong: string[] = []
const count = (of: Record<string, number>, what: string): void => void (of[what] = (of[what] ?? 0) + 1)

for (let round = 1; round <= rounds && wrong.length === 0; round++) {
  const vms = await settled()
  const victim = pick<Victim>(['daemon', 'daemon', 'helper', 'qemu', 'qemu', 'manager'])
  const steps = Array.from({ length: 1 + below(3) }, () => nextStep(vms))
  const asked = steps.map(async ({ method, params }) => await call(method, params).then(() => 'ok', (error: Error) => error.name))
  await delay(below(400))
  count(done, kill(victim) ? victim : `${victim}, not there`)
  for (const outcome of await Promise.all(asked)) count(outcomes, outcome)
  await settled()
  for (const { method } of steps) count(done, method)
}

// What systemd starts again after a crash comes 2 s later, and what the daemon sweeps at its start after that: soon, on a
// machine that has nothing else to do. What is orphaned stays so.
await delay(4000)
let found = await findContradictions(await settled(), uid)
for (const until = Date.now() + WITHIN_MS; found.length > 0 && rounds > 0 && Date.now() < until; await delay(1000)) found = await findContradictions(await settled(), uid)
wrong.push(...found)
for (const vm of await settled()) await call('vm.delete', { vm: vm.id })
wrong.push(...(await findContradictions([], uid)))
process.stdout.write(`${JSON.stringify({ rounds, seed, done, outcomes, wrong })}\n`)
