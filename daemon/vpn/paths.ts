/** Where everything of a VPN lies. */
import { join } from 'node:path'
import type { Folders } from '../config.ts'
import { vpnKind } from './table.ts'

export interface VpnPaths {
  readonly record: string
  /** tinc's own configuration: what is in there follows from record and secrets. */
  readonly tinc: string
  readonly runtimeFolder: string
  readonly pidFile: string
  readonly logFolder: string
  readonly log: string
}

export function vpnPaths({ config, runtime, logs }: Folders, name: string): VpnPaths {
  const folder = join(config, vpnKind.folder)
  const runtimeFolder = join(runtime, 'vpn', name)
  const logFolder = join(logs, 'vpn', name)
  return {
    record: join(folder, vpnKind.fileOf(name)),
    tinc: join(folder, vpnKind.entryOf(name), 'tinc'),
    runtimeFolder,
    pidFile: join(runtimeFolder, 'tinc.pid'),
    logFolder,
    log: join(logFolder, 'tinc.log'),
  }
}
