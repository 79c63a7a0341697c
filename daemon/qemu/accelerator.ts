/**
 * Which accelerator runs guests here. /dev/kvm may be there, open, and yet hang every guest (nested virtualization is the
 * usual cause), so opening it proves nothing: a guest of one sector is booted.
 */
import { constants } from 'node:fs'
import { mkdir, mkdtemp, open, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import * as z from 'zod'
import type { Accelerator } from '../../policy/api/system.ts'
import { UserError } from '../../policy/errors.ts'
import { readJson, writeJson } from '../state/file.ts'
import { CPU_MODELS } from './argv.ts'
import { BOOTED_STATUS, bootSector, debugExit } from './boot-sector.ts'
import { findProgram } from '../service/environment.ts'
import { runProgram } from './program.ts'

export interface ProbeOptions {
  /** `kvm` demands it, `tcg` asks nothing, `auto` takes KVM where it works. */
  readonly mode: 'auto' | 'kvm' | 'tcg'
  readonly qemu: string
  /** Where the verdict is remembered; its folder must be there and is where the probe's disk lies meanwhile. */
  readonly cacheFile: string
  /** The host's /proc/sys/kernel/random/boot_id: a verdict is good for one boot and one QEMU. */
  readonly bootId: string
  /** How long the guest may take; KVM needs a few tenths of a second. */
  readonly timeoutMs?: number
  readonly kvmDevice?: string
}

/** What became of a trial: why it counts as it does, for people. */
interface Verdict {
  readonly works: boolean
  readonly reason: string
}

const Remembered = z.object({
  bootId: z.string(),
  qemu: z.string(),
  qemuModifiedMs: z.number(),
  works: z.boolean(),
  reason: z.string(),
})

const DEFAULT_TIMEOUT_MS = 5000
/** Scratch folders of the probe, beside its cache file; one that lies around is debris of a daemon that was killed. */
export const PROBE_PREFIX = 'probe-'

/**
 * Chooses the accelerator. Throws UserError ACCEL_UNAVAILABLE if `kvm` is demanded and boots no guest, and
 * PROGRAM_MISSING. No process of it is left, whatever the outcome.
 */
export async function probeAccelerator(options: ProbeOptions): Promise<Accelerator> {
  const { mode } = options
  if (mode === 'tcg') return { kind: 'tcg', reason: 'tcg is configured' }
  const { works, reason } = await tryKvm(options)
  if (works) return { kind: 'kvm', reason }
  if (mode === 'auto') return { kind: 'tcg', reason }
  throw new UserError('ACCEL_UNAVAILABLE', `accel is set to kvm and KVM runs no guest here: ${reason}`, {
    hint: 'Set accel to auto or tcg (AETHERSCALE_ACCEL), or mend KVM: aetherscale doctor',
  })
}

async function tryKvm({ mode, qemu, cacheFile, bootId, timeoutMs, kvmDevice = '/dev/kvm' }: ProbeOptions): Promise<Verdict> {
  const program = findProgram(qemu)
  // Asked each time, for it is cheap and a new group membership should count at once.
  const refusal = await openDevice(kvmDevice)
  if (refusal !== undefined) return { works: false, reason: refusal }
  const key = { bootId, cpu: CPU_MODELS.kvm, qemu: program, qemuModifiedMs: (await stat(program)).mtimeMs }
  const known = await recall(cacheFile, key)
  // Whoever demands KVM has perhaps just mended it: then a remembered failure is tried again.
  if (known && (known.works || mode === 'auto')) return known
  await mkdir(dirname(cacheFile), { recursive: true, mode: 0o700 })
  const verdict = await bootGuest(program, 'kvm', dirname(cacheFile), timeoutMs)
  await writeJson(cacheFile, { ...key, ...verdict })
  return verdict
}

/** Boots the one-sector guest; its disk lies in a folder made below `folder` and removed again. */
export async function bootGuest(
  program: string,
  accelerator: 'kvm' | 'tcg',
  folder: string,
  timeoutMs: number = DEFAULT_TIMEOUT_MS,
): Promise<Verdict> {
  const scratch = await mkdtemp(join(folder, PROBE_PREFIX))
  try {
    const disk = join(scratch, 'disk')
    await writeFile(disk, bootSector())
    const ended = await runProgram(
      program,
      [
        ...['-nodefaults', '-no-user-config', '-display', 'none', '-machine', 'pc', '-m', 'size=16M'],
        // As the VMs will be run: a trial with less would prove too little.
        ...['-accel', accelerator, '-cpu', CPU_MODELS[accelerator]],
        ...['-device', debugExit, '-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'],
        ...['-blockdev', `driver=file,node-name=disk0,read-only=on,filename=${disk.replaceAll(',', ',,')}`],
        ...['-device', 'virtio-blk-pci,drive=disk0,bootindex=0'],
      ],
      { timeoutMs },
    )
    if (ended.exitCode === BOOTED_STATUS) return { works: true, reason: `a test guest booted with ${accelerator}` }
    if (ended.timedOut) return { works: false, reason: `a test guest with ${accelerator} hung for ${timeoutMs / 1000} s` }
    const words = ended.stderr.trim().split('\n').at(-1) || `status ${ended.exitCode ?? ended.signal ?? 'unknown'}`
    return { works: false, reason: `QEMU ran no test guest with ${accelerator}: ${words}` }
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** Why the device cannot be used; `undefined` if it can. */
async function openDevice(path: string): Promise<string | undefined> {
  try {
    const device = await open(path, constants.O_RDWR)
    await device.close()
    return undefined
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return `there is no ${path}`
    if (code === 'EACCES') return `${path} may not be opened by this user; its group may (usually kvm)`
    return `${path} cannot be opened: ${code}`
  }
}

/** The verdict remembered under this key. A file that is broken, or of another boot or QEMU, says nothing. */
async function recall(file: string, key: Omit<z.infer<typeof Remembered>, keyof Verdict>): Promise<Verdict | undefined> {
  const content = await readJson(file).catch(() => undefined)
  const { data } = Remembered.safeParse(content)
  if (data?.bootId !== key.bootId || data.qemu !== key.qemu || data.qemuModifiedMs !== key.qemuModifiedMs) return undefined
  return { works: data.works, reason: data.reason }
}
