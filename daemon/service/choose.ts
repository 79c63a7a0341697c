/** What keeps QEMUs and tincds running, as the configuration asks for it. */
import { findCompanion } from '../companion.ts'
import type { Config } from '../config.ts'
import { createEmbeddedTincd } from '../vpn/tincd/embedded.ts'
import type { TincdManager } from '../vpn/tincd/manager.ts'
import { createSystemdTincd } from '../vpn/tincd/systemd.ts'
import { createEmbeddedManager } from './embedded.ts'
import type { ServiceManager } from './manager.ts'
import { createSystemdManager } from './systemd/manager.ts'
import { openUserUnits } from './systemd/user-units.ts'

export interface Managers {
  readonly services: ServiceManager
  readonly tincd: TincdManager
}

/** Throws SERVICE_MANAGER_FAILED where the user's systemd does not answer. */
export async function openManagers({ serviceManager, userManager, folders, helperSocket }: Config): Promise<Managers> {
  if (serviceManager === 'embedded' || !userManager) return { services: createEmbeddedManager(), tincd: createEmbeddedTincd() }
  const units = await openUserUnits({
    userRuntime: userManager.runtime,
    unitFolder: userManager.units,
    node: process.execPath,
    powerdown: findCompanion({ source: 'service/systemd/powerdown.ts', bundle: 'aetherscale-powerdown.js' }),
    taps: findCompanion({ source: 'taps/main.ts', bundle: 'aetherscale-taps.js' }),
    helperSocket,
  })
  return { services: createSystemdManager(units, folders.config), tincd: createSystemdTincd(units) }
}
