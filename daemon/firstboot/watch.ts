/** Follows the first boots of the VMs that run: QEMU writes what the guest tells into a file, and the kernel says when. */
import { watch, type FSWatcher } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import type { EventBus } from '../events.ts'
import type { Logger } from '../log.ts'
import { writeJson } from '../state/file.ts'
import { limitLog } from '../vm/log.ts'
import { createQueues } from '../vm/queue.ts'
import type { Entry, VmTable } from '../vm/table.ts'
import { noteOf, readOn } from './progress.ts'

/** A guest that prints without end is looked at this often. */
const PAUSE_MS = 50

export function watchFirstBoots({ table, events, log }: { readonly table: VmTable; readonly events: EventBus; readonly log: Logger }): { close(): void } {
  const watchers = new Map<Entry, FSWatcher>()
  const timers = new Map<Entry, NodeJS.Timeout>()
  const states = new Map<Entry, string | undefined>()
  const punched = new Map<string, number>()
  const queues = createQueues<Entry>()

  /** Takes what has come, and sees to the files, one after the other. */
  const take = (entry: Entry): void => {
    const before = entry.init
    if (!before) return
    try {
      entry.init = readOn(before, entry.paths.initLog)
    } catch (error) {
      log.warn({ vm: entry.id, err: error }, 'init.log cannot be read')
      return
    }
    const note = isDeepStrictEqual(before.told, entry.init.told) ? undefined : noteOf(entry.init)
    queues
      .run(entry, async () => {
        if (table.get(entry.id) !== entry) return
        if (note) await writeJson(entry.paths.initNote, note)
        // The port is faster than a serial line, and would fill a disk between two looks of whoever keeps the other logs short.
        await limitLog(entry.paths.initLog, punched)
      })
      .catch((error: unknown) => {
        log.warn({ vm: entry.id, err: error }, 'what is kept of a first boot could not be written')
      })
  }

  const look = (entry: Entry): void => {
    timers.delete(entry)
    take(entry)
    table.changed(entry)
  }

  const lookSoon = (entry: Entry): void => {
    if (!timers.has(entry)) timers.set(entry, setTimeout(() => look(entry), PAUSE_MS))
  }

  const begin = (entry: Entry): void => {
    try {
      const watcher = watch(entry.paths.initLog, () => {
        lookSoon(entry)
      })
      watcher.on('error', () => {
        end(entry)
      })
      watchers.set(entry, watcher)
      lookSoon(entry)
    } catch (error) {
      log.warn({ vm: entry.id, err: error }, 'init.log cannot be watched')
    }
  }

  const end = (entry: Entry): void => {
    watchers.get(entry)?.close()
    watchers.delete(entry)
    clearTimeout(timers.get(entry))
    timers.delete(entry)
  }

  const tell = (entry: Entry): void => {
    const { state, exitCode } = table.view(entry).firstBoot ?? {}
    if (state === undefined || states.get(entry) === state) return
    states.set(entry, state)
    events.emit({ kind: 'vm.init', vm: entry.id, name: entry.record.name, state, ...(exitCode !== undefined && { exitCode }) })
  }

  const follow = (entry: Entry): void => {
    if (!entry.record.firstBoot?.isTold) return
    if (table.get(entry.id) !== entry) {
      end(entry)
      states.delete(entry)
      punched.delete(entry.paths.initLog)
      return
    }
    if (entry.live && !watchers.has(entry)) begin(entry)
    if (!entry.live && watchers.has(entry)) {
      end(entry)
      // What it said last.
      take(entry)
    }
    tell(entry)
  }

  for (const entry of table.entries()) states.set(entry, table.view(entry).firstBoot?.state)
  for (const entry of table.entries()) {
    if (entry.record.firstBoot?.isTold) take(entry)
    follow(entry)
  }
  const unsubscribe = table.onChange(follow)
  return {
    close() {
      unsubscribe()
      for (const entry of [...watchers.keys()]) end(entry)
    },
  }
}
