/** Has systemd see a unit as it lies on the disk. */
import { UserError, type ErrorName } from '../../../policy/errors.ts'
import { UNIT_SLICE } from './cgroup.ts'
import type { Systemctl } from './systemctl.ts'
import type { UnitFiles } from './unit-files.ts'

export interface Refresh {
  readonly systemctl: Systemctl
  readonly files: UnitFiles
  readonly unitFolder: string
  /** Of a unit that systemd cannot use. */
  readonly invalid: ErrorName
}

/** What systemd read earlier and has changed since is read again. Throws `invalid`. */
export function createRefresh({ systemctl, files, unitFolder, invalid }: Refresh): (name: string) => Promise<void> {
  const refuse = (name: string, state: string, error: string): never => {
    throw new UserError(invalid, `systemd cannot use ${unitFolder}/${name} as it is now (${state}): ${explainLoadError(error)}`, {
      hint: 'Mend it (systemd-analyze --user verify tells more), or remove it and it is written anew',
    })
  }
  return async (name) => {
    const properties = ['NeedDaemonReload', 'DropInPaths', 'LoadState', 'LoadError', 'Slice'] as const
    let seen = await systemctl.show(properties, name)
    // Of a unit that it keeps loaded, systemd itself overlooks the first drop-in.
    const isOverlooked = (path: string): boolean => seen.LoadState === 'loaded' && !seen.DropInPaths.includes(path)
    if (seen.NeedDaemonReload === 'yes' || files.dropIns(name).some(isOverlooked)) {
      await systemctl.run('daemon-reload')
      seen = await systemctl.show(properties, name)
    }
    if (seen.LoadState !== 'loaded') refuse(name, seen.LoadState, seen.LoadError)
    // It would run where nobody looks for it.
    if (seen.Slice !== UNIT_SLICE) refuse(name, 'loaded', `its Slice= is ${seen.Slice}, and has to be ${UNIT_SLICE}`)
  }
}

/** systemd answers `NAME "TEXT"`. */
function explainLoadError(error: string): string {
  return /"(.*)"$/.exec(error)?.[1] ?? (error || 'it says no more')
}
