import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import type { Vm } from '../../policy/api/vm.ts'
import { createRandom } from '../inputs/random.ts'
import { startTestDaemon } from './daemon.ts'

const MIB = 1_048_576
const ROUNDS_OF_EACH = 3
/** Milliseconds after the request; about what each takes. */
const LATEST_KILL: Readonly<Record<string, number>> = { 'vm.clone': 300, 'vm.export': 300, 'vm.resize': 80, 'vm.snapshot.restore': 200 }

t.test('a daemon that is killed at work on a disk leaves nothing half made, and the next one finishes', async (t) => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  t.comment(`seed ${seed}`)
  const random = createRandom(seed)
  const daemon = await startTestDaemon(t)
  const blank = join(t.testdir(), 'blank.qcow2')
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', blank, '512M'])
  await daemon.client.call('image.import', { path: blank, name: 'blank' })
  const { id } = await daemon.client.call('vm.create', { image: 'blank', name: 'web', memoryMiB: 32, start: false })
  const disk = join(daemon.root, 'disks', `${id}.qcow2`)
  const write = (pattern: number): void => void execFileSync('qemu-io', ['-f', 'qcow2', '-c', `write -P ${pattern} 0 64M`, disk])
  const holds = (path: string, pattern: number): boolean =>
    spawnSync('qemu-io', ['-r', '-f', 'qcow2', '-c', `read -P ${pattern} 0 64M`, path]).status === 0
  write(1)
  await daemon.client.call('vm.snapshot.create', { vm: id, name: 'one' })
  const folder = t.testdir({ exports: {} })
  const exports = join(folder, 'exports')

  /** What is to be finished is under way when the daemon answers. */
  const settled = async (): Promise<Vm[]> => {
    for (const until = performance.now() + 60_000; performance.now() < until; await delay(20)) {
      const { vms } = await daemon.client.call('vm.list', {})
      if (vms.every(({ operation, state }) => operation === undefined && state === 'stopped')) return vms
    }
    throw new Error('the next daemon does not come to an end')
  }

  const outcomes: Record<string, number> = {}
  for (let round = 0; round < ROUNDS_OF_EACH * 4; round++) {
    write(2)
    const [before] = (await daemon.client.call('vm.list', {})).vms.filter((vm) => vm.id === id)
    const size = before!.diskMiB
    const works: Record<string, () => Promise<unknown>> = {
      'vm.clone': () => daemon.client.call('vm.clone', { vm: id, name: 'copy' }),
      'vm.export': () => daemon.client.call('vm.export', { vm: id, path: join(exports, 'out.qcow2') }),
      'vm.resize': () => daemon.client.call('vm.resize', { vm: id, diskMiB: size + 1024, vcpus: 1 + ((round + 1) % 7) }),
      'vm.snapshot.restore': () => daemon.client.call('vm.snapshot.restore', { vm: id, name: 'one' }),
    }
    const [method, work] = Object.entries(works)[round % 4]!
    const answer = work().then(() => 'answered', () => 'not answered')
    await delay(random() * LATEST_KILL[method]!)
    await daemon.kill()
    const result = await answer
    const how = `${method}, ${result}`
    await daemon.start()
    const vms = await settled()
    const { pending } = JSON.parse(readFileSync(join(daemon.root, 'config', 'vm', id, 'vm.json'), 'utf8')) as { pending?: unknown }
    t.equal(pending, undefined)
    const web = vms.find((vm) => vm.id === id)!
    const copy = vms.find((vm) => vm.name === 'copy')
    const made = readdirSync(exports)

    const { 'virtual-size': bytes } = JSON.parse(execFileSync('qemu-img', ['info', '--output=json', disk], { encoding: 'utf8' })) as { 'virtual-size': number }
    t.equal(bytes, web.diskMiB * MIB, `${how}: record and disk have one size`)
    execFileSync('qemu-img', ['check', '-q', disk])
    t.equal(vms.length, copy ? 2 : 1)
    if (copy) t.ok(holds(join(daemon.root, 'disks', `${copy.id}.qcow2`), 2), `${how}: a clone that is there is whole`)
    if (made.length > 0) t.ok(holds(join(exports, 'out.qcow2'), 2), `${how}: an export that is there is whole`)
    t.ok(made.every((name) => name === 'out.qcow2'), `${how}: no other file is left of exports`)
    t.same(readdirSync(join(daemon.root, 'disks')).length, vms.length, `${how}: no other disk is left`)
    const was = method === 'vm.snapshot.restore' && holds(disk, 1) ? 'restored' : holds(disk, 2) ? 'as before' : 'torn'
    t.not(was, 'torn', `${how}: the content is the old one or the new one`)
    const came = { 'vm.clone': copy !== undefined, 'vm.export': made.length > 0, 'vm.resize': web.diskMiB > size, 'vm.snapshot.restore': was === 'restored' }[method]
    if (result === 'answered') t.ok(came, `${how}: what was answered holds`)
    const { checks } = await daemon.client.call('system.doctor', {})
    t.same(checks.filter(({ subject }) => subject === 'leftovers' || /^VM/.test(subject)).map(({ status }) => status), ['ok', 'ok'], `${how}: doctor finds nothing`)
    t.same((await daemon.client.call('vm.snapshot.list', { vm: id })).snapshots.map(({ name }) => name), ['one'])
    const counted = `${how}, ${came ? 'done' : 'undone'}`
    outcomes[counted] = (outcomes[counted] ?? 0) + 1

    if (copy) await daemon.client.call('vm.delete', { vm: copy.id })
    if (made.length > 0) execFileSync('rm', [join(exports, 'out.qcow2')])
  }
  t.comment(JSON.stringify(outcomes))
})
