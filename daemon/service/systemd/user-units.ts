/** The user's systemd, as all that have units there share it. */
import { createUnitProcesses, type UnitProcesses } from './cgroup.ts'
import { probeIsolation } from './isolation.ts'
import { createSystemctl, type Systemctl } from './systemctl.ts'
import { openUnitFiles, type UnitFiles } from './unit-files.ts'
import type { Isolation } from '../manager.ts'
import type { UnitContext } from './unit.ts'

export interface UserUnits {
  readonly systemctl: Systemctl
  readonly files: UnitFiles
  readonly processes: UnitProcesses
  /** Where the user's units are. */
  readonly unitFolder: string
  /** Whether what runs in a unit can be kept apart here, and why not; tried out once. */
  isolation(): Promise<Isolation>
  /** What a unit has to know. */
  context(): Promise<UnitContext>
}

export interface UserUnitsOptions extends Omit<UnitContext, 'isolated'> {
  readonly unitFolder: string
}

/** Throws SERVICE_MANAGER_FAILED where no user manager answers. */
export async function openUserUnits({ unitFolder, ...context }: UserUnitsOptions): Promise<UserUnits> {
  const systemctl = createSystemctl(context.userRuntime)
  const { ControlGroup: managerGroup } = await systemctl.show(['ControlGroup'])
  let probe: Promise<Isolation> | undefined
  const isolation = (): Promise<Isolation> => (probe ??= probeIsolation(context.userRuntime))
  return {
    systemctl,
    files: openUnitFiles(unitFolder),
    processes: createUnitProcesses(managerGroup),
    unitFolder,
    isolation,
    context: async () => ({ ...context, isolated: (await isolation()).kind === 'unit' }),
  }
}
