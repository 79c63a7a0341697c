/** The service manager that the configuration asks for. */
import { findCompanion } from '../companion.ts'
import type { Config } from '../config.ts'
import { createEmbeddedManager } from './embedded.ts'
import type { ServiceManager } from './manager.ts'
import { createSystemdManager, type SystemdOptions } from './systemd/manager.ts'
import { createEmbeddedTincd } from '../vpn/tincd/embedded.ts'
import type { TincdManager } from '../vpn/tincd/manager.ts'
import { createSystemdTincd } from '../vpn/tincd/systemd.ts'

/** Throws SERVICE_MANAGER_FAILED where the user's systemd does not answer. */
export async function openServiceManager({ serviceManager, userManager, folders, helperSocket }: Config): Promise<ServiceManager> {
  if (serviceManager === 'embedded' || !userManager) return createEmbeddedManager()
  return await createSystemdManager({ ...unitOptions(userManager, helperSocket), configFolder: folders.config })
}

/** For the tincds of VPNs; what `services` finds out about the host holds for them as well. Throws as {@link openServiceManager}. */
export async function openTincdManager({ serviceManager, userManager, helperSocket }: Config, services: ServiceManager): Promise<TincdManager> {
  if (serviceManager === 'embedded' || !userManager) return createEmbeddedTincd()
  return await createSystemdTincd({
    ...unitOptions(userManager, helperSocket),
    isIsolated: async () => (await services.isolation()).kind === 'unit',
  })
}

function unitOptions(userManager: NonNullable<Config['userManager']>, helperSocket: string): Omit<SystemdOptions, 'configFolder'> {
  return {
    userRuntime: userManager.runtime,
    unitFolder: userManager.units,
    node: process.execPath,
    powerdown: findCompanion({ source: 'service/systemd/powerdown.ts', bundle: 'aetherscale-powerdown.js' }),
    taps: findCompanion({ source: 'taps/main.ts', bundle: 'aetherscale-taps.js' }),
    helperSocket,
  }
}
