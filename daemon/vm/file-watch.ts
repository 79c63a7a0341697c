/** Notices disks and units that come and go by other hands, so that showing all VMs does not ask the file system for each. */
import { watch, type FSWatcher } from 'node:fs'
import { VmId } from '../../policy/names.ts'
import type { Logger } from '../log.ts'
import type { VmTable } from './table.ts'

/** The VM whose file has this name; anything for another file. */
export type OwnerOf = (name: string) => string | undefined

/** Where the file system tells nothing (inotify(7), "Limitations"), vm.get still looks for itself. */
export function watchFiles(folder: string, ownerOf: OwnerOf, table: VmTable, log: Logger): { close(): void } {
  const warn = (error: unknown): void => {
    log.warn({ err: error, folder }, 'a folder of VMs\' files cannot be watched; vm.list may miss one that is moved away')
  }
  let watcher: FSWatcher | undefined
  try {
    watcher = watch(folder, { persistent: false }, (_event, name) => {
      const id = VmId.safeParse(name === null ? undefined : ownerOf(name))
      const entry = id.success ? table.get(id.data) : undefined
      if (entry) table.look(entry)
    })
    watcher.on('error', warn)
  } catch (error) {
    // The host's instances of inotify may all be taken, and VMs run without.
    warn(error)
  }
  return {
    close() {
      watcher?.close()
    },
  }
}
