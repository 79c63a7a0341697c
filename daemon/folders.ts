/** The daemon's own folders, before anything is in them. */
import { chmod, mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config, Folders } from './config.ts'
import { removeAbandonedExports } from './disk/export-note.ts'
import { removeAbandoned } from './image/claim.ts'
import { removeOldPartials } from './image/pull/partial.ts'
import { removeStrayRecords } from './image/record.ts'
import { PROBE_PREFIX } from './qemu/accelerator.ts'
import { removeUnmadeVpns } from './vpn/table.ts'

/** Makes what is missing; the owner's alone, but for the folder of the sockets where groups are to reach them. */
export async function makeFolders({ folders, isImageFolderChosen, controlGroup, observeGroup }: Config): Promise<void> {
  // Others reach the sockets only where a group was named for them; all else in there is the daemon's alone.
  const isShared = controlGroup !== undefined || observeGroup !== undefined
  const made = await mkdir(folders.sockets, { recursive: true, mode: 0o700 })
  // One that was made for the daemon's user alone, now or earlier. Any other that is there is as somebody wants it, and
  // refused by the server if strangers may write to it.
  if (isShared && (made !== undefined || (await isPrivate(folders.sockets)))) await chmod(folders.sockets, 0o755)
  const own = [folders.disks, folders.config, folders.logs, join(folders.runtime, 'vm')]
  for (const folder of isImageFolderChosen ? own : [folders.images, ...own]) {
    await mkdir(folder, { recursive: true, mode: 0o700 })
  }
}

async function isPrivate(folder: string): Promise<boolean> {
  const { mode, uid } = await stat(folder)
  return (mode & 0o7777) === 0o700 && uid === process.getuid?.()
}

/** What a killed daemon did not finish and nobody goes on with: copies of images and disks, records, VPNs without one, scratch folders of the probe. */
export async function removeDebris(folders: Folders): Promise<void> {
  await removeAbandoned(folders.images)
  await removeOldPartials(folders.images)
  await removeStrayRecords(folders.images)
  await removeAbandonedExports(folders)
  removeUnmadeVpns(folders.config)
  for (const name of await readdir(folders.config)) {
    if (name.startsWith(PROBE_PREFIX)) await rm(join(folders.config, name), { recursive: true, force: true })
  }
}
