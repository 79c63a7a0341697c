/** What keeps the tincd of each VPN running. One implementation a kind of host, as for VMs. */
import type { ServiceProcess } from '../../service/manager.ts'
import type { VpnPaths } from '../paths.ts'

export const TINCD_PROGRAM = 'tincd'

/** After this all peers have noticed that a tincd has ended. */
export const NOTICED_MS = 1000

/** One tincd. */
export interface Tunnel {
  /** Of the VPN. */
  readonly name: string
  readonly paths: VpnPaths
  /** The link of the host that it reads from and writes to. */
  readonly tap: string
}

export interface TincdManager {
  /** Starts it, and with the host from then on, where the host can. Whether it comes up is for its log to tell. Throws PROGRAM_MISSING, VPN_TUNNEL_FAILED, SERVICE_MANAGER_FAILED. */
  start(tunnel: Tunnel): Promise<void>
  /** The process, if it runs now; asked of the host each time. */
  find(tunnel: Pick<Tunnel, 'name' | 'paths'>): ServiceProcess | undefined
  /** Ends it, and takes away what the host keeps of it. Throws SERVICE_MANAGER_FAILED. */
  remove(tunnel: Pick<Tunnel, 'name' | 'paths'>): Promise<void>
}

/** What runs: it stays in the foreground and tells on stderr what it does. */
export function tincdArgv({ tinc, pidFile }: Pick<VpnPaths, 'tinc' | 'pidFile'>): string[] {
  return ['--no-detach', `--config=${tinc}`, `--pidfile=${pidFile}`]
}
