/** A qcow2 of a few hundred KB that is sound, and whose every part of a disk of gigabytes is one and the same cluster. */

const CLUSTER_BITS = 16
const CLUSTER = 1 << CLUSTER_BITS

/** The file of a disk of this size (docs/interop/qcow2.txt of QEMU): one second-level table, counted as often as it is used. */
export function makeOneClusterDisk(bytes: number): Uint8Array {
  const perTable = CLUSTER / 8
  const tables = Math.ceil(bytes / CLUSTER / perTable)
  const [refcountTable, refcounts, l1, l2, data] = [1, 2, 3, 4, 5] as const
  const file = Buffer.alloc((data + 1) * CLUSTER)
  file.write('QFI\xfb', 'latin1')
  for (const [at, value] of [[4, 3], [20, CLUSTER_BITS], [36, tables], [56, 1], [96, 6], [100, 104]] as const) file.writeUInt32BE(value, at)
  for (const [at, value] of [[24, bytes], [40, l1 * CLUSTER], [48, refcountTable * CLUSTER]] as const) file.writeBigUInt64BE(BigInt(value), at)
  const put = (cluster: number, index: number, value: number): void => void file.writeBigUInt64BE(BigInt(value), cluster * CLUSTER + index * 8)
  put(refcountTable, 0, refcounts * CLUSTER)
  for (let cluster = 0; cluster <= data; cluster++) put(refcounts, cluster, cluster === l2 ? tables : cluster === data ? tables * perTable : 1)
  for (let index = 0; index < tables; index++) put(l1, index, l2 * CLUSTER)
  for (let index = 0; index < perTable; index++) put(l2, index, data * CLUSTER)
  file.fill(0x41, data * CLUSTER)
  return file
}
