/** What both sides of the comparison find in the machine. */

export const BRIDGE = 'br-bench'
export const IMAGE = '/var/lib/libvirt/images/small.qcow2'
/** {@link IMAGE} as it is known to our daemon. */
export const IMAGE_NAME = 'small'
/** Where the daemon of a host listens. */
export const SOCKETS = '/run/aetherscale'
export const MEMORY_MIB = 64
