/** On a host: the tincd of each VPN is a unit of the user's own systemd. */
import { findProgram } from '../../service/environment.ts'
import { createUnitProcesses } from '../../service/systemd/cgroup.ts'
import { createRefresh } from '../../service/systemd/refresh.ts'
import { createSystemctl } from '../../service/systemd/systemctl.ts'
import { openUnitFiles } from '../../service/systemd/unit-files.ts'
import type { UnitContext } from '../../service/systemd/unit.ts'
import { isTincd } from './process.ts'
import { TINCD_PROGRAM, type TincdManager } from './manager.ts'
import { renderTincdUnit, renderTunnelUnit, tincdUnitName, tunnelUnitName } from './unit.ts'

interface Options extends Omit<UnitContext, 'isolated'> {
  readonly unitFolder: string
  readonly isIsolated: () => Promise<boolean>
}

/** Throws SERVICE_MANAGER_FAILED where no user manager answers. */
export async function createSystemdTincd(options: Options): Promise<TincdManager> {
  const { unitFolder, userRuntime, isIsolated } = options
  const systemctl = createSystemctl(userRuntime)
  const { ControlGroup: managerGroup } = await systemctl.show(['ControlGroup'])
  const processes = createUnitProcesses(managerGroup)
  const files = openUnitFiles(unitFolder)
  const refresh = createRefresh({ systemctl, files, unitFolder, invalid: 'VPN_TUNNEL_FAILED' })
  return {
    find: ({ name }) => processes.of(tincdUnitName(name), isTincd),
    async start(tunnel) {
      const context: UnitContext = { ...options, isolated: await isIsolated() }
      const texts = [
        [tunnelUnitName(tunnel.name), renderTunnelUnit(tunnel, context)],
        [tincdUnitName(tunnel.name), renderTincdUnit(tunnel, findProgram(TINCD_PROGRAM), context)],
      ] as const
      const unit = tincdUnitName(tunnel.name)
      for (const [name, text] of texts) {
        const done = await files.write(name, text)
        if (done !== 'same') await refresh(name)
        // Whoever disables it by hand has it so.
        if (done === 'new' && name === unit) await systemctl.run('enable', '--no-reload', unit)
      }
      await systemctl.run('start', unit)
    },
    async remove({ name }) {
      const unit = tincdUnitName(name)
      // Where there is none, systemd does not know it.
      await systemctl.run('stop', unit).catch((error: unknown) => {
        if (processes.of(unit, () => true)) throw error
      })
      await files.remove(unit, tunnelUnitName(name))
      await systemctl.run('reset-failed', unit).catch(() => undefined)
    },
  }
}
