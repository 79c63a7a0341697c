/** Brings a VM up. */
import { constants } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { UserError } from '../../policy/errors.ts'
import { requireDisk } from '../disk/own-disk.ts'
import { keepSeed } from '../firstboot/give.ts'
import { explainStartFailure } from '../qemu/start-failure.ts'
import type { Service } from '../service/manager.ts'
import { logSize, readLogEnd } from '../state/log-end.ts'
import type { Report, VmDependencies } from './dependencies.ts'
import type { Live } from './live.ts'
import type { VmRecord } from './record.ts'
import { describeService, limitsOf, logsOf, wider } from './service.ts'
import type { Entry } from './table.ts'

/** QEMU initialises in well under a second; a heavily loaded host under TCG has been seen to take ten. */
const START_WITHIN_MS = 60_000
/** After SIGKILL it is the kernel's work. */
const KILL_WITHIN_MS = 10_000

/**
 * Starts QEMU and resolves when its QMP has answered; a VM that runs is left alone. Throws VM_DISK_MISSING, what
 * {@link ImageStore.require} throws, PROGRAM_MISSING, ACCEL_UNAVAILABLE, PORT_IN_USE, NO_SPACE, VM_START_FAILED and
 * what {@link Attachments.attach} throws; then no QEMU of the VM runs.
 */
export async function startVm(deps: VmDependencies, entry: Entry, report: Report): Promise<void> {
  if (entry.live) return
  const { record, paths } = entry
  requireDisk(entry)
  const image = await deps.images.require(record.image)
  report('probing the accelerator')
  const accelerator = await deps.accelerator()
  const running = deps.services.find(entry.service)
  if (running) {
    await deps.monitor.attach(entry, running, START_WITHIN_MS)
    return
  }
  const service = await equip(deps, entry, image.path, accelerator.kind)
  report('starting QEMU')
  await mkdir(paths.runtimeFolder, { recursive: true, mode: 0o700 })
  await launch(deps, entry, service)
}

/**
 * Has the host know a VM that is to start with it and does not run yet. Throws what {@link startVm} throws but for what QEMU
 * says.
 */
export async function prepareVm(deps: VmDependencies, entry: Entry): Promise<void> {
  const { record } = entry
  if (!record.autostart || !deps.services.units) return
  const image = await deps.images.require(record.image)
  const { kind } = await deps.accelerator()
  await deps.services.prepare(await equip(deps, entry, image.path, kind))
  deps.table.look(entry)
}

/**
 * Has the host take what a VM will be with its next start, whoever starts it then, where it keeps a unit of the VM. A QEMU that
 * runs keeps the limits that it needs: systemd puts those of a unit that has changed into force at once, and less memory than
 * QEMU has would kill it. The next start by the daemon writes the unit's own. Throws as {@link prepareVm} does.
 */
export async function renewUnit(deps: VmDependencies, entry: Entry, record: VmRecord): Promise<void> {
  deps.table.look(entry)
  if (!entry.file || (entry.file.state === 'missing' && !record.autostart)) return
  const image = await deps.images.require(record.image)
  const { kind } = await deps.accelerator()
  const service = await equip(deps, { ...entry, record }, image.path, kind)
  await deps.services.prepare({ ...service, limits: entry.live ? wider(service.limits, limitsOf({ ...entry.record, ...sizesOf(entry.live) })) : service.limits })
  deps.table.look(entry)
}

function sizesOf({ vcpus, memoryMiB }: Live): Partial<VmRecord> {
  return { ...(vcpus !== undefined && { vcpus }), ...(memoryMiB !== undefined && { memoryMiB }) }
}

/** Has made what a VM's QEMU finds when it starts, whoever starts it: seed, taps and logs. */
async function equip(deps: VmDependencies, entry: Entry, image: string, accelerator: 'kvm' | 'tcg'): Promise<Service> {
  const { record, paths } = entry
  await keepSeed(entry)
  const taps = await deps.attachments.attach(record)
  await mkdir(paths.logFolder, { recursive: true, mode: 0o700 })
  // The service manager opens qemu.log; QEMU opens these, and may be able to make none in there.
  const { O_WRONLY, O_CREAT, O_NOFOLLOW } = constants
  for (const path of logsOf(record, paths)) await (await open(path, O_WRONLY | O_CREAT | O_NOFOLLOW, 0o600)).close()
  return describeService(record, paths, { qemu: deps.qemu, image, accelerator, taps })
}

async function launch(deps: VmDependencies, entry: Entry, service: Service): Promise<void> {
  const logStart = await logSize(service.logFile)
  const started = await deps.services.start(service)
  deps.table.look(entry)
  try {
    if (!started) throw new Error('QEMU ended at once')
    await deps.monitor.attach(entry, started, START_WITHIN_MS)
  } catch (cause) {
    const left = deps.services.find(service)
    // A QEMU that an earlier daemon had begun to start came up just now: the locks of pid file and disk have turned the
    // second one away, and the first is the VM.
    if (left && left.pid !== started?.pid) return await deps.monitor.attach(entry, left, START_WITHIN_MS)
    if (left) {
      await deps.services.signal(service, 'SIGKILL')
      for (let waited = 0; deps.services.find(service) && waited < KILL_WITHIN_MS; waited += 20) await delay(20)
      throw new UserError('VM_START_FAILED', `QEMU did not answer within ${START_WITHIN_MS / 1000} s and was ended`, { cause })
    }
    // It may be about to be started again.
    await deps.services.settle(service)
    const words = await readLogEnd(service.logFile, logStart)
    throw explainStartFailure(words, entry.record.phase === 'creating' ? undefined : (entry.record.name ?? entry.id))
  }
}
