/**
 * PURE: the settings that leave QEMU, or the tincd of a VPN, alone with what is its own. The file system begins empty, and what it needs is put in;
 * a user manager may do so where PrivateUsers= gives it a user namespace to do it in. In that namespace QEMU has no right
 * over processes outside of it, though they run as the same user, but to signal them; that ends with the process
 * namespace that unshare(1) makes, which systemd 252 has no setting for.
 */
import type { Service } from '../manager.ts'
import { quoteBindPath } from './quote.ts'

type Needs = Pick<Service, 'files' | 'hasUserNetwork' | 'taps'>

export const UNSHARE = ['/usr/bin/unshare', '--user', '--map-current-user', '--pid', '--ipc', '--fork', '--'] as const

/** One `Key=value` each, in the order of a unit. */
export function sandboxSettings({ files, hasUserNetwork, taps }: Needs): string[] {
  const paths = (list: readonly string[]): string => list.map(quoteBindPath).join(' ')
  return [
    'PrivateUsers=yes',
    'TemporaryFileSystem=/:ro',
    // Programs and libraries, and what slirp and tincd ask for names.
    'BindReadOnlyPaths=/usr -/bin -/sbin -/lib -/lib64 -/etc/ld.so.cache -/etc/resolv.conf -/etc/hosts',
    ...files.read.map((path) => `BindReadOnlyPaths=${quoteBindPath(path)}`),
    // Files one by one: systemd and the daemon follow what is in a folder, so QEMU must not be able to put a link there.
    `BindPaths=/proc ${paths([...files.write, files.runtimeFolder])}`,
    'PrivateDevices=yes',
    `BindPaths=-/dev/kvm${taps.length > 0 ? ' -/dev/net/tun' : ''}`,
    'InaccessiblePaths=-/dev/shm -/dev/mqueue -/dev/hugepages',
    'NoNewPrivileges=yes',
    'CapabilityBoundingSet=',
    'RestrictNamespaces=user pid ipc',
    `RestrictAddressFamilies=AF_UNIX${hasUserNetwork ? ' AF_INET AF_INET6' : ''}`,
    'RestrictRealtime=yes',
    'RestrictSUIDSGID=yes',
    'LockPersonality=yes',
    'SystemCallArchitectures=native',
    // QEMU filters its own calls further, which takes seccomp(2).
    'SystemCallFilter=@system-service seccomp',
    // io_uring(7) makes sockets of any family, past the filter above.
    'SystemCallFilter=~@privileged io_uring_setup io_uring_enter io_uring_register',
    'SystemCallErrorNumber=EPERM',
  ]
}
