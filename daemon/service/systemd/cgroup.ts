/** What runs in the units of VMs and VPNs, read from the control groups (cgroups(7)): no call of the manager. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { VmId } from '../../../policy/names.ts'
import type { ServiceProcess } from '../manager.ts'
import { isQemu, readOrNothing, startOf } from '../process.ts'
import { idOfUnit, unitName } from './unit.ts'

const CGROUPS = '/sys/fs/cgroup'
/** Where the units of users are that name no slice (systemd.special(7)). */
export const UNIT_SLICE = 'app.slice'

export interface UnitProcesses {
  /** The first process of a unit that fits. */
  of(unit: string, fits: (pid: number) => boolean): ServiceProcess | undefined
  /** The QEMU of the VM's unit. */
  find(id: VmId): ServiceProcess | undefined
  /** Whether the unit has any process. */
  isBusy(id: VmId): boolean
  /** The VMs whose units have processes. */
  started(): VmId[]
}

/** `managerGroup` is the property ControlGroup of the user manager. */
export function createUnitProcesses(managerGroup: string): UnitProcesses {
  const slice = join(CGROUPS, managerGroup, UNIT_SLICE)
  const pids = (unit: string): number[] => {
    const text = readOrNothing(() => readFileSync(join(slice, unit, 'cgroup.procs'), 'utf8')) ?? ''
    return text.split('\n').filter(Boolean).map(Number)
  }
  const of = (unit: string, fits: (pid: number) => boolean): ServiceProcess | undefined => {
    const pid = pids(unit).find(fits)
    return pid === undefined ? undefined : { pid, startedAt: startOf(pid) }
  }
  return {
    of,
    find: (id) => of(unitName(id), isQemu),
    isBusy: (id) => pids(unitName(id)).length > 0,
    started: () => (readOrNothing(() => readdirSync(slice)) ?? []).flatMap((name) => idOfUnit(name) ?? []),
  }
}
