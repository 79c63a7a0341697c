/** What a Debian package says of itself (deb-control(5)). Pure. */

/**
 * Node's own libraries (`readelf -d node`), glibc as old as its builds still take, and what the programs call. In
 * util-linux that is setpriv as well, which was a package of its own.
 */
const DEPENDS = [
  'libc6 (>= 2.28)',
  'libgcc-s1',
  'libstdc++6',
  'dbus-user-session',
  'genisoimage',
  'iproute2',
  'libpam-systemd',
  'nftables',
  'passwd',
  'qemu-system-x86',
  'qemu-utils',
  'systemd (>= 252)',
  'util-linux (>= 2.33)',
]

/** The control file; `bytes` is what the files take when they are installed. */
export function renderControl(version: string, architecture: string, bytes: number): string {
  return `Package: aetherscale
Version: ${version}
Architecture: ${architecture}
Maintainer: The aetherscale maintainers <maintainers@aetherscale.example>
Installed-Size: ${Math.ceil(bytes / 1024)}
Depends: ${DEPENDS.join(', ')}
Recommends: guestfish, radvd, socat, tinc, xz-utils
Section: admin
Priority: optional
Description: small cloud on Linux hosts you already have
 A daemon without any privilege makes the disks of virtual machines, starts
 QEMU and tells their addresses; it is asked by command line, or by JSON-RPC
 over a Unix socket. Whatever changes the host's network is done by a small
 helper, which has CAP_NET_ADMIN alone and does what its allowlist grants.
 .
 Installing this sets nothing up: "sudo aetherscale setup" does, and
 "sudo aetherscale setup --remove" takes it back. It brings its own Node.js.
`
}
