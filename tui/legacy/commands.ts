/** What the first aetherscale was asked for, asked of the daemon: for the doors over HTTP and RabbitMQ alike. */
import { setTimeout as delay } from 'node:timers/promises'
import type { ParamsInput, Result } from '../../policy/api/index.ts'
import type { LegacyCreate, LegacyListed, LegacyOutcome, LegacyVm } from '../../policy/legacy.ts'
import type { Client } from '../client.ts'

type Daemon = Pick<Client, 'call'>
type Vm = Result<'vm.get'>

/** What the old contract leaves to the host. */
export interface LegacyHost {
  /** Of each VM that is made by it, in MiB. */
  readonly memoryMiB: number
  /** Where a VM with a public address is. */
  readonly bridge: string
}

/** 4 GiB and br0, as the first program had them. */
export const firstHost: LegacyHost = { memoryMiB: 4096, bridge: 'br0' }

/** The old clients wait 5 s for an answer, and the old server gave it before a guest had powered down. */
const STOP_ANSWER_MS = 4000

const has = (hint: string | undefined): { hint?: string } => (hint === undefined ? {} : { hint })

export async function listVms(daemon: Daemon): Promise<LegacyListed[]> {
  return (await daemon.call('vm.list', {})).vms.map(describeVm)
}

export async function showVm(daemon: Daemon, vm: string): Promise<LegacyOutcome> {
  const { id, state } = await daemon.call('vm.get', { vm })
  return { 'vm-id': id, status: ['running', 'paused', 'starting', 'stopping'].includes(state) ? 'running' : 'stopped' }
}

/** `onAllocated` learns the id before the VM is there; `requestId` is that of vm.create. */
export async function createVm(
  daemon: Daemon,
  options: LegacyCreate,
  host: LegacyHost,
  { requestId, onAllocated }: { readonly requestId?: string; readonly onAllocated?: (answer: LegacyOutcome) => void } = {},
): Promise<LegacyOutcome> {
  let allocated: string | undefined
  const allocate = (id: string | undefined): void => {
    if (id === undefined || allocated !== undefined) return
    allocated = id
    onAllocated?.({ status: 'allocating', 'vm-id': id })
  }
  const vm = await daemon.call('vm.create', paramsOf(options, host, requestId), { onProgress: (progress) => allocate(progress.vm) })
  allocate(vm.id)
  return { status: 'starting', 'vm-id': vm.id }
}

/** The params of vm.create that an old request stands for. */
export function paramsOf(options: LegacyCreate, { memoryMiB, bridge }: LegacyHost, requestId?: string): ParamsInput<'vm.create'> {
  const { image, vpn, 'init-script': initScript, 'public-ip': isPublic } = options
  const networks: NonNullable<ParamsInput<'vm.create'>['networks']> = [
    ...(vpn === undefined ? [] : [{ kind: 'vpn' as const, name: vpn }]),
    ...(isPublic ? [{ kind: 'bridge' as const, bridge }] : []),
  ]
  return {
    image,
    memoryMiB,
    autostart: true,
    ...(networks.length > 0 && { networks }),
    ...(initScript && { initScript }),
    ...(requestId !== undefined && { requestId }),
  }
}

export async function startVm(daemon: Daemon, vm: string): Promise<LegacyOutcome> {
  await daemon.call('vm.set', { vm, autostart: true })
  const started = await daemon.call('vm.start', { vm })
  return { status: 'starting', 'vm-id': started.vm.id, ...has(started.hint && `VM "${started.vm.id}" was already started`) }
}

/** Answers before the guest has powered down where that takes long; the daemon goes on, and `done` says when it has. */
export async function stopVm(
  daemon: Daemon,
  { 'vm-id': vm, kill = false }: LegacyVm,
): Promise<{ readonly answer: LegacyOutcome; readonly done: Promise<unknown> }> {
  const { id } = await daemon.call('vm.set', { vm, autostart: false })
  const status = kill ? 'killed' : 'stopped'
  const stopping = daemon.call('vm.stop', { vm: id, force: kill })
  const stopped = await Promise.race([stopping, delay(STOP_ANSWER_MS, undefined, { ref: false })])
  const hint = stopped
    ? stopped.endedBy === 'already-stopped'
      ? `VM "${id}" was not running`
      : undefined
    : `VM "${id}" has been asked to power down, and has not yet`
  return { answer: { status, 'vm-id': id, ...has(hint) }, done: stopping }
}

export async function deleteVm(daemon: Daemon, vm: string): Promise<LegacyOutcome> {
  const { id } = await daemon.call('vm.delete', { vm })
  return { status: 'deleted', 'vm-id': id }
}

export async function listVpns(daemon: Daemon): Promise<string[]> {
  return (await daemon.call('vpn.list', {})).vpns.map(({ name }) => name)
}

export async function showVpn(daemon: Daemon, vpn: string): Promise<{ readonly 'vpn-name': string }> {
  return { 'vpn-name': (await daemon.call('vpn.get', { vpn })).name }
}

function describeVm({ id, state, addresses, agent }: Vm): LegacyListed {
  const isSilent = state === 'running' && (agent === 'absent' || addresses.length === 0)
  return {
    'vm-id': id,
    'ip-addresses': addresses.map(({ address }) => address),
    ...has(isSilent ? 'Could not retrieve IP address for guest' : undefined),
  }
}
