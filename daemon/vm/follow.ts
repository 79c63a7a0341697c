/**
 * Notices QEMUs that others have started: systemd, after a crash or with the host, or somebody by systemctl. It looks once a
 * second into one folder; the VMs of this daemon's own starts are known at once and without.
 */
import type { VmDependencies } from './dependencies.ts'
import type { Queues } from './queue.ts'
import type { Entry } from './table.ts'

const EVERY_MS = 1000

export function followStarts(deps: Pick<VmDependencies, 'services' | 'table' | 'monitor' | 'log'>, queues: Queues<Entry>): { close(): void } {
  const { services, table, monitor, log } = deps
  const queued = new Set<Entry>()

  const adopt = async (entry: Entry): Promise<void> => {
    const process = table.get(entry.id) === entry && !entry.live ? services.find(entry.service) : undefined
    if (!process) return
    await monitor.adopt(entry, process)
    log.info({ vm: entry.id, pid: process.pid }, 'took over a VM that was started without the daemon')
  }

  const look = (): void => {
    for (const id of services.started()) {
      const entry = table.get(id)
      if (!entry || entry.live || queued.has(entry) || entry.record.phase !== 'ready') continue
      queued.add(entry)
      queues
        .run(entry, () => adopt(entry))
        .catch((error: unknown) => {
          log.warn({ vm: id, err: error }, 'a VM that was started without the daemon could not be taken over')
        })
        .finally(() => queued.delete(entry))
    }
  }

  const timer = setInterval(look, EVERY_MS).unref()
  return {
    close() {
      clearInterval(timer)
    },
  }
}
