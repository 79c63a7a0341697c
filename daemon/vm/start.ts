/** Brings a VM up. */
import { existsSync } from 'node:fs'
import { mkdir, readFile, stat } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { UserError } from '../../policy/errors.ts'
import { explainStartFailure } from '../qemu/start-failure.ts'
import type { Service } from '../service/manager.ts'
import type { Report, VmDependencies } from './dependencies.ts'
import { describeService } from './service.ts'
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
  if (!existsSync(paths.disk)) {
    throw new UserError('VM_DISK_MISSING', `The disk of VM ${record.id} is not at ${paths.disk}`, {
      hint: 'Put it back there, or delete the VM',
    })
  }
  const image = await deps.images.require(record.image)
  report('probing the accelerator')
  const accelerator = await deps.accelerator()
  const running = deps.services.find(entry.service)
  if (running) {
    await deps.monitor.attach(entry, running, START_WITHIN_MS)
    return
  }
  const taps = await deps.attachments.attach(record)
  report('starting QEMU')
  await mkdir(paths.runtimeFolder, { recursive: true, mode: 0o700 })
  await mkdir(paths.logFolder, { recursive: true, mode: 0o700 })
  const found = { qemu: deps.qemu, image: image.path, accelerator: accelerator.kind, taps }
  await launch(deps, entry, describeService(record, paths, found))
}

/**
 * Has the host know a VM that is to start with it and does not run yet. Throws what {@link startVm} throws but for what QEMU
 * says.
 */
export async function prepareVm(deps: VmDependencies, entry: Entry): Promise<void> {
  const { record, paths } = entry
  if (!record.autostart) return
  const image = await deps.images.require(record.image)
  const { kind } = await deps.accelerator()
  const taps = await deps.attachments.attach(record)
  await deps.services.prepare(describeService(record, paths, { qemu: deps.qemu, image: image.path, accelerator: kind, taps }))
  deps.table.look(entry)
}

async function launch(deps: VmDependencies, entry: Entry, service: Service): Promise<void> {
  const logStart = (await stat(service.logFile).catch(() => undefined))?.size ?? 0
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
    // It may be about to be started again.
    if (!left) await deps.services.settle(service)
    if (left) {
      await deps.services.signal(service, 'SIGKILL')
      for (let waited = 0; deps.services.find(service) && waited < KILL_WITHIN_MS; waited += 20) await delay(20)
      throw new UserError('VM_START_FAILED', `QEMU did not answer within ${START_WITHIN_MS / 1000} s and was ended`, { cause })
    }
    const words = (await readFile(service.logFile)).toString('utf8', logStart)
    throw explainStartFailure(words, entry.record.phase === 'creating' ? undefined : (entry.record.name ?? entry.id))
  }
}
