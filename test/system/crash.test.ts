/** The daemon is killed by SIGKILL at random moments of every operation; the next one has to leave everything whole. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import type { ParamsInput } from '../../policy/api/index.ts'
import type { Vm } from '../../policy/api/vm.ts'
import { createRandom } from '../inputs/random.ts'
import { eventually, startTestDaemon, type TestDaemon } from './daemon.ts'

const ROUNDS = 40

t.test(`after each of ${ROUNDS} kills in the middle of an operation the next daemon leaves everything whole`, async (t) => {
  const seed = Number(process.env['AETHERSCALE_SEED'] ?? Date.now() % 1_000_000)
  t.comment(`AETHERSCALE_SEED=${seed}`)
  const random = createRandom(seed)
  const daemon = await startTestDaemon(t)
  spawnSync('qemu-img', ['create', '-q', '-f', 'qcow2', join(daemon.root, 'images', 'small.qcow2'), '8M'])
  // Beside the one that is tormented, one that nobody touches and that has to run all the time.
  const begun = performance.now()
  const bystander = await daemon.client.call('vm.create', { image: 'small', memoryMiB: 32, networks: [] })
  // Longer than most operations take on this machine now, so that the kills fall before, within and behind them.
  const withinMs = 1.5 * (performance.now() - begun)

  const tried = new Map<string, number>()
  for (let round = 0; round < ROUNDS; round++) {
    const { operation, request } = await begin(daemon, bystander.id, random(), `round-${round}`)
    tried.set(operation, (tried.get(operation) ?? 0) + 1)
    await delay(random() * withinMs)
    await daemon.kill()
    await daemon.start()
    // Who got no answer asks again, at once, while the next daemon still undoes what was half made.
    const made = request && (await Promise.all([daemon.client.call('vm.create', request), daemon.client.call('vm.create', request)]))
    const wrong = await settle(daemon)
    if (made) {
      const others = (await daemon.client.call('vm.list', {})).vms.flatMap(({ id }) => (id === bystander.id ? [] : [id]))
      if (made.some(({ id }) => others.join() !== id)) wrong.push(`asked for one VM, answered ${made.map(({ id }) => id).join()}, and there are ${others.join()}`)
    }
    const label = `round ${round}, killed in ${operation}`
    if (wrong.length > 0) t.fail(`${label}: ${wrong.join('; ')}\n${daemon.log().slice(-2000)}`)
    const { pid, state } = await daemon.client.call('vm.get', { vm: bystander.id })
    if (pid !== bystander.pid || state !== 'running') t.fail(`${label}: the bystander came to harm: ${state}, pid ${pid ?? 'none'}, was ${bystander.pid ?? 'none'}`)
  }
  t.pass(`kills: ${[...tried].map(([operation, count]) => `${operation} ${count}`).join(', ')}`)
  t.ok(tried.size >= 4, 'most operations had their turn')
})

interface Begun {
  readonly operation: string
  /** What has to be asked again by who wants a VM. */
  readonly request?: ParamsInput<'vm.create'>
}

/** Sends an operation that fits and does not wait for its answer. */
async function begin({ client }: TestDaemon, bystander: string, dice: number, requestId: string): Promise<Begun> {
  const { vms } = await client.call('vm.list', {})
  const victim = vms.find(({ id }) => id !== bystander)
  const ignore = (): void => undefined
  if (!victim) {
    const request = { image: 'small', memoryMiB: 32, networks: [], requestId }
    client.call('vm.create', request).catch(ignore)
    return { operation: 'create', request }
  }
  const vm = victim.id
  if (dice < 0.25) {
    client.call('vm.delete', { vm }).catch(ignore)
    return { operation: 'delete' }
  }
  if (dice < 0.35) {
    client.call('vm.set', { vm, autostart: !victim.autostart }).catch(ignore)
    return { operation: 'set' }
  }
  if (dice < 0.5) {
    client.call('vm.restart', { vm, force: true }).catch(ignore)
    return { operation: 'restart' }
  }
  if (victim.state === 'running') {
    client.call('vm.stop', { vm, force: true }).catch(ignore)
    return { operation: 'stop' }
  }
  client.call('vm.start', { vm }).catch(ignore)
  return { operation: 'start' }
}

/** Waits until the daemon has recovered, and compares what it says with what there is. */
async function settle(daemon: TestDaemon): Promise<string[]> {
  const list = async (): Promise<Vm[]> => (await daemon.client.call('vm.list', {})).vms
  const isSettled = async (): Promise<boolean> => (await list()).every(({ state, operation }) => operation === undefined && (state === 'running' || state === 'stopped'))
  await eventually(isSettled, () => `no VM is in between\n${daemon.log().slice(-3000)}`)
  const vms = await list()
  const running = vms.flatMap(({ pid }) => pid ?? []).sort()
  const same = (): boolean => JSON.stringify(daemon.qemus().sort()) === JSON.stringify(running)
  await eventually(same, () => `QEMUs ${daemon.qemus().join()} are those of the list: ${JSON.stringify(vms)}\n${daemon.log().slice(-3000)}`)

  const wrong: string[] = []
  const ids = vms.map(({ id }) => id).sort().join()
  const { root } = daemon
  const folders = {
    records: readdirSync(join(root, 'config', 'vm')).sort().join(),
    disks: readdirSync(join(root, 'disks')).map((name) => name.replace('.qcow2', '')).sort().join(),
  }
  for (const [what, found] of Object.entries(folders)) if (found !== ids) wrong.push(`${what}: ${found}; listed: ${ids}`)
  for (const { id, state } of vms) {
    if (state !== 'running' && state !== 'stopped') wrong.push(`${id} is ${state}`)
    const record = JSON.parse(readFileSync(join(root, 'config', 'vm', id, 'vm.json'), 'utf8')) as Record<string, unknown>
    if (record['pending'] !== undefined) wrong.push(`${id} is not done with ${JSON.stringify(record['pending'])}`)
    if (record['phase'] !== 'ready') wrong.push(`${id} is still ${String(record['phase'])}`)
    const check = spawnSync('qemu-img', ['check', '-q', '-U', join(root, 'disks', `${id}.qcow2`)])
    if (check.status !== 0 && state === 'stopped') wrong.push(`the disk of ${id} is damaged`)
  }
  const runtime = readdirSync(join(root, 'run', 'vm')).filter((id) => !ids.includes(id))
  if (runtime.length > 0) wrong.push(`sockets are left of ${runtime.join()}`)
  if (existsSync(join(root, 'log', 'vm'))) {
    const logs = readdirSync(join(root, 'log', 'vm')).filter((id) => !ids.includes(id))
    if (logs.length > 0) wrong.push(`logs are left of ${logs.join()}`)
  }
  return wrong
}
