/**
 * The rows against libvirt, as JSON. A program of its own, run as root in the machine that has both: whoever uses libvirt's
 * qemu:///system is root, or as good as that.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { connect, type Client } from '../../../tui/client.ts'
import { compare, time, type Row } from '../measure.ts'
import { describeGuest, renderDomain } from './domain.ts'
import { add, measureUnits } from './memory.ts'
import { BRIDGE, IMAGE, IMAGE_NAME, MEMORY_MIB, SOCKETS } from './places.ts'
import { listPorts, readArguments, requireNothingLeft } from './running.ts'
import { openVirsh, type Virsh } from './virsh.ts'

const MANY = 200
const PAIRS = 15
const SETTLE_MS = 3000

const vm = { image: IMAGE_NAME, memoryMiB: MEMORY_MIB, networks: [{ kind: 'bridge' as const, bridge: BRIDGE }] }
const domain = { name: 'bench', disk: '/var/lib/libvirt/images/bench.qcow2' }
const definition = '/root/bench.xml'
const overlay = ['qemu-img', 'create', '-q', '-f', 'qcow2', '-b', IMAGE, '-F', 'qcow2', domain.disk] as const

async function benchInBox(client: Client, virsh: Virsh): Promise<Row[]> {
  const { machine } = await requireSameGuest(client, virsh)
  const rows = [await benchOpen(client, virsh), await benchCommands(client, virsh)]
  requireNothingLeft(BRIDGE)
  rows.push(...(await benchIdle('no VM')))
  await makeMany(client, virsh, machine)
  rows.push(await benchList(client, virsh), ...(await benchIdle(`${MANY} VMs that do not run`)))
  return rows
}

/** Neither way may give a guest less than the other. */
async function requireSameGuest(client: Client, virsh: Virsh): Promise<{ machine: string }> {
  const { id } = await client.call('vm.create', vm)
  const ours = readArguments()
  const ports = [listPorts(BRIDGE).length]
  await client.call('vm.delete', { vm: id })
  const machine = /^[\w.-]+/.exec(ours[ours.indexOf('-machine') + 1] ?? '')?.[0] ?? ''
  writeFileSync(definition, renderDomain({ ...domain, machine }))
  await run(...overlay)
  await virsh.tell(`define ${definition}`, `start ${domain.name}`)
  const theirs = readArguments()
  ports.push(listPorts(BRIDGE).length)
  const [one, other] = [describeGuest(ours).join(' '), describeGuest(theirs).join(' ')]
  if (one !== other) throw new Error(`not the same guest: ${one}, and by libvirt: ${other}`)
  if (ports.some((count) => count !== 1)) throw new Error(`${BRIDGE} had ${ports.join(', then ')} ports instead of one`)
  await removeDomain(virsh)
  return { machine }
}

/** Making the disk is counted on both sides. Both answer when QEMU has answered on its monitor. */
async function benchOpen(client: Client, virsh: Virsh): Promise<Row> {
  const ours = async (): Promise<number> => {
    let id = ''
    const took = await time(async () => {
      id = (await client.call('vm.create', vm)).id
    })
    await client.call('vm.delete', { vm: id })
    return took
  }
  const theirs = async (): Promise<number> => {
    const took = await time(async () => {
      await run(...overlay)
      await virsh.tell(`define ${definition}`, `start ${domain.name}`)
    })
    await removeDomain(virsh)
    return took
  }
  return milliseconds('vm.create until QMP answers, unit and tap, to virsh define, start', await compare(PAIRS, ours, theirs), 0)
}

/** As people type it: a process for each command, which connects first. */
async function benchCommands(client: Client, virsh: Virsh): Promise<Row> {
  const create = ['aetherscale', 'vm', 'create', IMAGE_NAME, '--name', domain.name, '--memory', `${MEMORY_MIB}M`, '--network', `bridge,bridge=${BRIDGE}`]
  const ours = async (): Promise<number> => {
    const took = await time(() => run(...create))
    await client.call('vm.delete', { vm: domain.name })
    return took
  }
  const theirs = async (): Promise<number> => {
    const took = await time(async () => {
      await run(...overlay)
      await run('virsh', '--quiet', 'define', definition)
      await run('virsh', '--quiet', 'start', domain.name)
    })
    await removeDomain(virsh)
    return took
  }
  return milliseconds('aetherscale vm create, to the commands qemu-img, virsh define, virsh start', await compare(PAIRS, ours, theirs), 0)
}

async function makeMany(client: Client, virsh: Virsh, machine: string): Promise<void> {
  for (let i = 0; i < MANY; i++) {
    await client.call('vm.create', { ...vm, name: `vm-${i}`, start: false })
    writeFileSync(definition, renderDomain({ name: `vm-${i}`, disk: `/var/lib/libvirt/images/vm-${i}.qcow2`, machine }))
    await virsh.tell(`define ${definition}`)
  }
}

/** Our answer is read by the client and checked to be whole; virsh prints a table, which is counted. */
async function benchList(client: Client, virsh: Virsh): Promise<Row> {
  const requireMany = (count: number): void => {
    if (count !== MANY) throw new Error(`a list of ${count} instead of ${MANY}`)
  }
  const ours = (): Promise<number> => time(async () => requireMany((await client.call('vm.list', {})).vms.length))
  const theirs = (): Promise<number> => time(async () => requireMany((await virsh.tell('list --all')).match(/shut off/g)?.length ?? 0))
  const result = await compare(PAIRS, ours, theirs)
  return { ...milliseconds(`vm.list of ${MANY}, to virsh list --all over one connection`, result, 2), target: { atMost: 0.2 } }
}

async function benchIdle(having: string): Promise<Row[]> {
  await delay(SETTLE_MS)
  const ours = add(measureUnits(['aetherscaled'], '--user', '--machine=aetherscale@'), measureUnits(['aetherscale-net']))
  const theirs = measureUnits(['libvirtd', 'virtlogd', 'virtlockd'])
  return ([['RSS', 'residentMiB'], ['PSS', 'proportionalMiB']] as const).map(([title, key]) => ({
    what: `${title} of daemon and helper, idle with ${having}, to libvirt's daemons`,
    ours: `${ours[key].toFixed(0)} MiB`,
    baseline: `${theirs[key].toFixed(0)} MiB`,
    value: ours[key] / theirs[key],
    unit: '×',
  }))
}

function milliseconds(what: string, result: { ours: number; baseline: number; ratio: number }, digits: number): Row {
  const { ours, baseline, ratio } = result
  return { what, ours: `${ours.toFixed(digits)} ms`, baseline: `${baseline.toFixed(digits)} ms`, value: ratio, unit: '×', target: { atMost: 0.7 } }
}

async function removeDomain(virsh: Virsh): Promise<void> {
  await virsh.tell(`destroy ${domain.name}`, `undefine ${domain.name}`)
  await rm(domain.disk)
}

async function run(...[program = '', ...args]: readonly string[]): Promise<void> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const [status] = (await once(child, 'exit')) as [number | null]
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}`)
}

const client = await connect({ directory: SOCKETS, env: {}, access: 'control' })
const virsh = openVirsh()
const rows = await benchInBox(client, virsh)
client.close()
await virsh.close()
process.stdout.write(JSON.stringify(rows))
