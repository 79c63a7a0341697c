/** The service manager that the configuration asks for. */
import { fileURLToPath } from 'node:url'
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
    powerdown: findCompanion('systemd/powerdown.ts', 'aetherscale-powerdown.js'),
    taps: findCompanion('../taps/main.ts', 'aetherscale-taps.js'),
    helperSocket,
  })
}

/** A program of ours that units run: beside this one where it is bundled, from the sources otherwise. */
function findCompanion(source: string, bundle: string): string {
  return fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? source : bundle, import.meta.url))
}
