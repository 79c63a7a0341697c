/** Notices disks that come and go by other hands, so that showing all VMs does not ask the file system for each. */
import { watch } from 'node:fs'
import { VmId } from '../../policy/names.ts'
import type { Logger } from '../log.ts'
import type { VmTable } from './table.ts'

/** Where the file system tells nothing (inotify(7), "Limitations"), vm.get still looks for itself. */
export function watchDisks(folder: string, table: VmTable, log: Logger): { close(): void } {
  const watcher = watch(folder, { persistent: false }, (_event, name) => {
    const id = VmId.safeParse(name?.replace(/\.qcow2$/, ''))
    const entry = id.success ? table.get(id.data) : undefined
    if (entry) table.look(entry)
  })
  watcher.on('error', (error) => {
    log.warn({ err: error, folder }, 'the folder of disks cannot be watched')
  })
  return {
    close() {
      watcher.close()
    },
  }
}
