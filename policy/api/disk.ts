/** The disks of VMs: their sizes, snapshots and copies. */

export const diskMethods = {}
