/** The UUID by which a guest knows its (virtual) hardware. */
import { createHash } from 'node:crypto'
import type { VmId } from '../../policy/names.ts'

/** Namespace of our name-based UUIDs; drawn once at random and never changed, or every guest would see new hardware. */
const NAMESPACE = Buffer.from('6f1b0d0e5a5c4f2c9b0f3a1f0e7c94d2', 'hex')

/** A UUID of version 5 (RFC 9562, section 5.5): the same id gives the same UUID on every host and in every version. */
export function vmUuid(id: VmId): string {
  const bytes = createHash('sha1').update(NAMESPACE).update(id).digest().subarray(0, 16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x50
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
