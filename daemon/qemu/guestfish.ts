/** What guestfish(1), which opens a disk in a virtual machine of its own, is told by its environment. */

/** For every run of guestfish (guestfs(3), "ENVIRONMENT VARIABLES"; supermin(1)). */
export function guestfishEnvironment(accelerator: 'kvm' | 'tcg'): Record<string, string> {
  // What whoever runs the daemon has said, such as where a kernel is.
  const own = Object.entries(process.env).filter((pair): pair is [string, string] => /^(LIBGUESTFS|SUPERMIN)_/.test(pair[0]))
  return {
    ...Object.fromEntries(own),
    // Its QEMU as a child of its own: libvirt, where Debian's default would look, may be another user's or not there.
    LIBGUESTFS_BACKEND: 'direct',
    // It would take a /dev/kvm that opens for one that works.
    ...(accelerator === 'tcg' && { LIBGUESTFS_BACKEND_SETTINGS: 'force_tcg' }),
  }
}
