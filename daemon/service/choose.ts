/** The service manager that the configuration asks for. */
import { findCompanion } from '../companion.ts'
import type { Config } from '../config.ts'
import { createEmbeddedManager } from './embedded.ts'
import type { ServiceManager } from './manager.ts'
import { createSystemdManager } from './systemd/manager.ts'

/** Throws SERVICE_MANAGER_FAILED where the user's systemd does not answer. */
export async function openServiceManager({ serviceManager, userManager, folders, helperSocket }: Config): Promise<ServiceManager> {
  if (serviceManager === 'embedded' || !userManager) return createEmbeddedManager()
  return await createSystemdManager({
    userRuntime: userManager.runtime,
    unitFolder: userManager.units,
    configFolder: folders.config,
    node: process.execPath,
    powerdown: findCompanion({ source: 'service/systemd/powerdown.ts', bundle: 'aetherscale-powerdown.js' }),
    taps: findCompanion({ source: 'taps/main.ts', bundle: 'aetherscale-taps.js' }),
    helperSocket,
  })
}
