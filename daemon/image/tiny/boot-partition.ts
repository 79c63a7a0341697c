/** The boot partition: a FAT16 with syslinux, the kernel and the initramfs, filled by mtools without being mounted. */
import { truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readOwnFiles } from '../builder/files.ts'
import { SECTOR } from '../builder/partition.ts'
import { run } from '../builder/program.ts'

export interface BootPartitionPlan {
  readonly file: string
  /** Where on the disk it will lie, in sectors: the boot loader has to know. */
  readonly start: number
  readonly sectors: number
  readonly kernel: Uint8Array
  readonly initramfs: Uint8Array
  /** What `dpkg-deb -x` made of syslinux and mtools; they run from there. */
  readonly tools: string
  readonly workFolder: string
  readonly time: number
  readonly signal: AbortSignal
}

const SERIAL = 'ae7e5ca1'
/** Sectors a cluster. FAT16 has 4,085 to 65,524 clusters (Microsoft's FAT specification): 16 MiB to 255 MiB of these. */
const CLUSTER_SECTORS = 8

/** Sectors of a partition that holds these files, the boot loader and the FATs. */
export function bootPartitionSectors(fileBytes: number): number {
  const [mebibyte, least, spare] = [1_048_576, 20, 2]
  return (Math.max(least, Math.ceil(fileBytes / mebibyte) + spare) * mebibyte) / SECTOR
}

/** Makes the partition's file system. Throws as {@link run} does. */
export async function makeBootPartition(plan: BootPartitionPlan): Promise<void> {
  const { file, start, sectors, tools, workFolder, time, signal } = plan
  const programs = join(tools, 'usr', 'bin')
  const options = {
    signal,
    env: {
      // syslinux calls mtools by name, and keeps a file of its own meanwhile.
      PATH: `${programs}:/usr/bin:/bin`,
      TMPDIR: workFolder,
      MTOOLSRC: '/dev/null',
      SOURCE_DATE_EPOCH: String(time),
      TZ: 'UTC',
    },
  }
  const files = { vmlinuz: plan.kernel, initrd: plan.initramfs }
  for (const [name, data] of Object.entries(files)) await writeFile(join(workFolder, name), data)
  for (const { path, data } of await readOwnFiles('tiny', 'bootloader')) await writeFile(join(workFolder, path), data)

  await writeFile(file, '')
  await truncate(file, sectors * SECTOR)
  const geometry = ['-H', String(start), '-h', '255', '-s', '63', '-T', String(sectors), '-c', String(CLUSTER_SECTORS)]
  await run(join(programs, 'mformat'), ['-i', file, '-v', 'TINYBOOT', '-N', SERIAL, ...geometry, '::'], options)
  for (const name of [...Object.keys(files), 'syslinux.cfg']) {
    await run(join(programs, 'mcopy'), ['-i', file, join(workFolder, name), `::/${name}`], options)
  }
  await run(join(programs, 'syslinux'), ['--install', file], options)
}
