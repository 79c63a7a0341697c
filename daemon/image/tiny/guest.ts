/** What is in the guest: its root file system, and the initramfs that leads there. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readOwnFiles } from '../builder/files.ts'
import { run } from '../builder/program.ts'
import { moduleEntries, type Kernel } from './kernel.ts'
import { collectLibraries } from './libraries.ts'
import { completeTree, type Entry } from './tree.ts'

/** Without these the root file system is not reached. */
const EARLY_MODULES = ['virtio_pci', 'virtio_blk']
const MODULES = [
  ...EARLY_MODULES,
  // network, agent, entropy, power button, memory balloon
  ...['virtio_net', 'virtio_console', 'virtio-rng', 'evdev', 'button', 'virtio_balloon'],
  // seeds: their file systems and the disks that they may come on
  ...['vfat', 'nls_cp437', 'nls_ascii', 'nls_utf8', 'isofs', 'virtio_scsi', 'sd_mod', 'sr_mod', 'ata_piix'],
]

/** Folders that are mounted on or written to; git keeps no empty ones. */
const FOLDERS: Readonly<Record<string, number>> = {
  dev: 0o755, proc: 0o555, sys: 0o555, run: 0o755, mnt: 0o755, root: 0o700, tmp: 0o1777, 'var/log': 0o755, 'var/lib': 0o755,
}
/** Files whose mode git cannot keep. */
const MODES: Readonly<Record<string, number>> = { 'etc/shadow': 0o600 }
const LINKS: Readonly<Record<string, string>> = {
  'sbin/init': '../bin/busybox',
  'sbin/poweroff': 'power',
  'sbin/reboot': 'power',
  'sbin/halt': 'power',
  'usr/bin/env': '../../bin/env',
  'var/run': '../run',
}

export interface GuestSources {
  readonly kernel: Kernel
  /** What `dpkg-deb -x` made of busybox, the guest agent and its libraries. */
  readonly unpacked: string
  readonly signal: AbortSignal
}

/** The root file system's tree. */
export async function composeRoot({ kernel, unpacked, signal }: GuestSources): Promise<Entry[]> {
  const busybox = join(unpacked, 'bin', 'busybox')
  const agent = await readFile(join(unpacked, 'usr', 'sbin', 'qemu-ga'))
  const { stdout } = await run(busybox, ['--list'], { signal })
  // Our own /sbin/init, poweroff and so on stand in for the applets of these names.
  const taken = new Set(['busybox', ...Object.keys(LINKS).map((path) => path.split('/').at(-1) ?? ''), 'shutdown'])
  const applets = stdout.split('\n').filter((name) => name !== '' && !taken.has(name))
  return completeTree([
    ...Object.entries(FOLDERS).map(([path, mode]): Entry => ({ kind: 'folder', path, mode })),
    ...Object.entries(LINKS).map(([path, target]): Entry => ({ kind: 'symlink', path, target })),
    ...applets.map((name): Entry => ({ kind: 'symlink', path: `bin/${name}`, target: 'busybox' })),
    { kind: 'file', path: 'bin/busybox', mode: 0o755, data: await readFile(busybox) },
    { kind: 'file', path: 'usr/sbin/qemu-ga', mode: 0o755, data: agent },
    ...(await collectLibraries(unpacked, agent)),
    ...moduleEntries(kernel.version, await kernel.readModules(MODULES)),
    ...(await readOwnEntries('rootfs')),
  ])
}

/** The initramfs's tree. */
export async function composeInitramfs({ kernel, unpacked }: GuestSources): Promise<Entry[]> {
  return completeTree([
    ...['dev', 'proc', 'sys', 'root'].map((path): Entry => ({ kind: 'folder', path, mode: 0o755 })),
    { kind: 'file', path: 'bin/busybox', mode: 0o755, data: await readFile(join(unpacked, 'bin', 'busybox')) },
    ...moduleEntries(kernel.version, await kernel.readModules(EARLY_MODULES)),
    ...(await readOwnEntries('initramfs')),
  ])
}

/** Files as git has them, but for {@link MODES}. */
async function readOwnEntries(folder: string): Promise<Entry[]> {
  const files = await readOwnFiles('tiny', folder)
  return files.map(({ path, mode, data }): Entry => ({ kind: 'file', path, mode: MODES[path] ?? mode, data }))
}
