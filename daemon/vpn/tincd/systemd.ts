/** On a host: the tincd of each VPN is a unit of the user's own systemd. */
import { findProgram } from '../../service/environment.ts'
import { createRefresh } from '../../service/systemd/refresh.ts'
import type { UserUnits } from '../../service/systemd/user-units.ts'
import { isTincd } from './process.ts'
import { TINCD_PROGRAM, type TincdManager } from './manager.ts'
import { renderTincdUnit, renderTunnelUnit, tincdUnitName, tunnelUnitName } from './unit.ts'

export function createSystemdTincd({ systemctl, files, processes, unitFolder, context: contextNow }: UserUnits): TincdManager {
  const refresh = createRefresh({ systemctl, files, unitFolder, invalid: 'VPN_TUNNEL_FAILED' })
  return {
    find: ({ name }) => processes.of(tincdUnitName(name), isTincd),
    async start(tunnel) {
      const context = await contextNow()
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
