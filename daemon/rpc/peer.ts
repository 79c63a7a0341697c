/** What the kernel knows of the process at the other end of a Unix socket and Node does not tell. */
import type { Socket } from 'node:net'
import type { Peer } from './handler.ts'

export interface PeerInspector {
  /** The credentials of whoever connected; `undefined` where the kernel does not tell. */
  readPeer(socket: Socket): Peer | undefined
  /**
   * Whether the other end is closed both ways. Reading alone cannot tell that from a client that sends no more but still
   * listens; poll(2) can: POLLHUP.
   */
  hasHungUp(socket: Socket): boolean
}

/** asm-generic/socket.h, which x86, arm and riscv share. */
const SOL_SOCKET = 1
const SO_PEERCRED = 17
/** poll.h */
const POLLHUP = 0x10
/** struct ucred of unix(7): pid, uid, gid, 32 bits each. */
const UCRED_BYTES = 12

/** Loads the foreign function interface. Where it has no build for this machine, `undefined`: peers stay unknown. */
export async function loadPeerInspector(): Promise<PeerInspector | undefined> {
  try {
    const { default: koffi } = await import('koffi')
    const libc = koffi.load(null)
    const getsockopt = libc.func('int getsockopt(int fd, int level, int name, void *value, void *length)')
    const poll = libc.func('int poll(void *fds, unsigned long count, int timeout)')
    return {
      readPeer(socket) {
        const fd = descriptorOf(socket)
        if (fd === undefined) return undefined
        const ucred = new Int32Array(UCRED_BYTES / 4)
        const status: unknown = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, ucred, new Uint32Array([UCRED_BYTES]))
        // uid_t and gid_t are unsigned, pid_t is not.
        return status === 0 ? { pid: ucred[0]!, uid: ucred[1]! >>> 0, gid: ucred[2]! >>> 0 } : undefined
      },
      hasHungUp(socket) {
        const fd = descriptorOf(socket)
        if (fd === undefined) return true
        // struct pollfd: int fd, short events, short revents. POLLHUP comes without being asked for.
        const pollfd = new Int32Array([fd, 0])
        return poll(pollfd, 1, 0) === 1 && (new Int16Array(pollfd.buffer)[3]! & POLLHUP) !== 0
      },
    }
  } catch {
    return undefined
  }
}

/** Node keeps the file descriptor in the undocumented `_handle.fd`; absent once the socket is destroyed. */
function descriptorOf(socket: Socket): number | undefined {
  const { _handle } = socket as { _handle?: { fd?: number } | null }
  const fd = _handle?.fd
  return fd !== undefined && fd >= 0 ? fd : undefined
}
