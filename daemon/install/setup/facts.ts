/** What the planner is told of the host. */
import type { Move } from './bridge/move.ts'
import type { Made } from './step.ts'

export interface Account {
  readonly name: string
  readonly uid: string
  readonly gid: string
  readonly home: string
}

/** A bridge of the host, as far as guests on it could harm the host. */
export interface HostBridge {
  /** The kernel takes a port's MAC address, perhaps a guest's, where none was set (addr_assign_type, NET_ADDR_SET is 3). */
  readonly hasOwnMac: boolean
  readonly hearsRouters: boolean
}

export interface Facts {
  /** Who is to own daemon and VMs: for --user the caller, else `aetherscale`, which need not be there yet. */
  readonly owner: { readonly name: string; readonly home: string; readonly uid: string | undefined }
  readonly accounts: ReadonlyMap<string, Account>
  /** Names in /etc/passwd, which alone the allowlist knows. */
  readonly localNames: ReadonlySet<string>
  /** Groups that there are, with their members. */
  readonly groups: ReadonlyMap<string, readonly string[]>
  /** Content of files, by path. */
  readonly texts: ReadonlyMap<string, string>
  /** Which of the paths that setup may make are there. */
  readonly present: ReadonlySet<string>
  /** System units that are active. */
  readonly active: ReadonlySet<string>
  readonly daemon: { readonly isEnabled: boolean; readonly answers: boolean }
  readonly bridges: ReadonlyMap<string, HostBridge>
  readonly made: readonly Made[]
  /** What --create-bridge would do; `done` where that bridge is there with this uplink on it. */
  readonly move: Move | 'done' | undefined
  readonly boot: string
}

/** Where the owner's files and sockets are. `uid` may be {@link UID}. */
export function ownersPlaces(home: string, uid: string, isForUser: boolean) {
  const config = `${home}/.config`
  const units = `${config}/systemd/user`
  return {
    config: `${config}/aetherscale/daemon.json`,
    dropIn: `/etc/systemd/system/user@${uid}.service.d`,
    socket: `${isForUser ? `/run/user/${uid}/aetherscale` : '/run/aetherscale'}/control.sock`,
    wanted: `${units}/default.target.wants/aetherscaled.service`,
    /** Folders that setup or the daemon make on their way; from the outermost. */
    folders: [
      config, `${config}/aetherscale`, `${config}/systemd`, units, `${units}/default.target.wants`,
      `${home}/.local`, `${home}/.local/share`, `${home}/.local/state`,
    ],
    /** What --purge removes of a user who stays. */
    data: [`${config}/aetherscale`, `${home}/.local/share/aetherscale`, `${home}/.local/state/aetherscale`],
  }
}
