/** The units of VMs and VPNs as files in `~/.config/systemd/user`, where people find them, read them and may change them. */
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { VmId } from '../../../policy/names.ts'
import { writeText } from '../../state/file.ts'
import type { ServiceFile } from '../manager.ts'
import { readOrNothing } from '../process.ts'
import { isAsGenerated, isIsolated, recordOf, unitName } from './unit.ts'

/** What was done about a file; kept: it is as somebody wrote it by hand. */
export type Written = 'new' | 'changed' | 'same' | 'kept'

export interface UnitFiles {
  look(id: VmId): ServiceFile
  /** Paths of what was put beside a unit (systemd.unit(5), "drop-in"). */
  dropIns(name: string): string[]
  write(name: string, text: string): Promise<Written>
  /** Takes away what has a unit start with the host. */
  disable(name: string): Promise<void>
  /** Units, and what was put beside them. */
  remove(...names: string[]): Promise<void>
  /** Names of units of VMs and VPNs whose record would be below `configFolder`, and is not there. */
  orphans(configFolder: string): string[]
}

export function openUnitFiles(folder: string): UnitFiles {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  /** What is there and cannot be read is not ours to write over: it reads as a text of nobody's. */
  const read = (name: string): string | undefined => {
    const path = join(folder, name)
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return undefined
    return readOrNothing(() => readFileSync(path, 'utf8')) ?? ''
  }
  const dropIns = (name: string): string[] => {
    const beside = join(folder, `${name}.d`)
    return (readOrNothing(() => readdirSync(beside)) ?? []).filter((file) => file.endsWith('.conf')).map((file) => join(beside, file))
  }
  const disable = (name: string): Promise<void> => rm(join(folder, 'default.target.wants', name), { force: true })
  return {
    dropIns,
    disable,
    look(id) {
      const name = unitName(id)
      const path = join(folder, name)
      const text = read(name)
      const enabled = readOrNothing(() => readlinkSync(join(folder, 'default.target.wants', name))) !== undefined
      if (text === undefined) return { path, state: 'missing', enabled, isolated: false }
      const state = isAsGenerated(text) && dropIns(name).length === 0 ? 'generated' : 'edited'
      return { path, state, enabled, isolated: isIsolated(text) }
    },
    async write(name, text) {
      const old = read(name)
      if (old === text) return 'same'
      if (old !== undefined && !isAsGenerated(old)) return 'kept'
      await writeText(join(folder, name), text)
      return old === undefined ? 'new' : 'changed'
    },
    async remove(...names) {
      for (const name of names) {
        await rm(join(folder, name), { force: true })
        await rm(join(folder, `${name}.d`), { recursive: true, force: true })
        await disable(name)
      }
    },
    orphans: (configFolder) =>
      readdirSync(folder).filter((name) => {
        const record = /^aetherscale-(vm|tincd)-.+\.service$/.test(name) ? recordOf(read(name) ?? '') : undefined
        return record?.startsWith(`${configFolder}/`) && !existsSync(record)
      }),
  }
}
