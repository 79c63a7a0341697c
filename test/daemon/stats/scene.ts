/** A table of VMs whose QEMUs are real processes of the test's own: shells under a QEMU's name, busy or asleep. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { createEventBus } from '../../../daemon/events.ts'
import type { Live } from '../../../daemon/vm/live.ts'
import { unseen } from '../../../daemon/vm/monitor.ts'
import { openVmTable, type Entry, type VmTable } from '../../../daemon/vm/table.ts'
import { makeFolder } from '../../fakes/folder.ts'
import { vmRecord } from '../network/harness.ts'
import { recordLog } from '../rpc/harness.ts'

/** As long as a command's name can be (proc(5), comm), and as bad. */
const NAME = 'qemu-system-) R'

export const BUSY = 'while :; do :; done'
export const ASLEEP = 'read line'

export interface Scene {
  readonly table: VmTable
  /** Makes a VM known that runs as a shell with this script. */
  run(id: string, script: string, name?: string): Promise<Entry>
  /** A shell with this script, as a QEMU or as what it is. */
  start(script: string, program?: 'qemu' | 'sh'): Promise<Shell>
}

export interface Shell {
  readonly pid: number
  /** Kills it, and waits until it is gone. */
  end(): Promise<void>
}

export async function setScene(t: Test): Promise<Scene> {
  const folder = makeFolder(t)
  const at = (name: string): string => join(folder, name)
  copyFileSync('/bin/sh', at(NAME))
  const folders = { images: at('images'), disks: at('disks'), config: at('config'), sockets: at('run'), runtime: at('run'), logs: at('log') }
  const table = await openVmTable(folders, { file: () => undefined }, () => undefined, createEventBus(), recordLog().log)

  const start: Scene['start'] = async (script, program = 'qemu') => {
    const child = spawn(program === 'qemu' ? at(NAME) : '/bin/sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'] })
    await once(child, 'spawn')
    const exited = once(child, 'exit')
    const end = async (): Promise<void> => {
      child.kill('SIGKILL')
      await exited
    }
    t.teardown(end)
    return { pid: child.pid!, end }
  }

  return {
    table,
    start,
    async run(id, script, name) {
      const entry = await table.add(vmRecord(id, [], name === undefined ? {} : { name: name as never }))
      entry.live = liveOf((await start(script)).pid)
      return entry
    },
  }
}

/** A QEMU of which nothing is known but its pid. */
export function liveOf(pid: number): Live {
  return unseen({ pid, startedAt: new Date() })
}
