/**
 * PURE: cpio archives in the format "newc" that the kernel unpacks as an initramfs (Linux,
 * Documentation/driver-api/early-userspace/buffer-format.rst).
 */
import type { Entry } from './tree.ts'

const TYPE = { folder: 0o040000, file: 0o100000, symlink: 0o120000 } as const
const TRAILER = 'TRAILER!!!'

/** An archive of these entries, in their order; all owned by root. `time` is each entry's mtime in seconds since 1970. */
export function packNewc(entries: readonly Entry[], time: number): Uint8Array {
  const members = entries.map((entry, index) =>
    packMember({ path: entry.path, inode: index + 1, mode: modeOf(entry), time, data: dataOf(entry), links: entry.kind === 'folder' ? 2 : 1 }),
  )
  const trailer = packMember({ path: TRAILER, inode: 0, mode: 0, time: 0, data: new Uint8Array(), links: 1 })
  return Buffer.concat([...members, trailer])
}

interface Member {
  readonly path: string
  readonly inode: number
  readonly mode: number
  readonly time: number
  readonly links: number
  readonly data: Uint8Array
}

/** The header is 110 bytes of hex; the name with its NUL, and the data, are padded so that what follows is at a multiple of 4. */
function packMember({ path, inode, mode, time, links, data }: Member): Uint8Array {
  const name = Buffer.from(`${path}\0`)
  const [uid, gid, device, checksum] = [0, 0, 0, 0]
  const fields = [inode, mode, uid, gid, links, time, data.length, device, device, device, device, name.length, checksum]
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`
  return Buffer.concat([pad(Buffer.concat([Buffer.from(header), name])), pad(data)])
}

function pad(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([bytes, new Uint8Array(-bytes.length & 3)])
}

function modeOf(entry: Entry): number {
  return TYPE[entry.kind] | (entry.kind === 'symlink' ? 0o777 : entry.mode)
}

function dataOf(entry: Entry): Uint8Array {
  if (entry.kind === 'file') return entry.data
  return entry.kind === 'symlink' ? Buffer.from(entry.target) : new Uint8Array()
}
