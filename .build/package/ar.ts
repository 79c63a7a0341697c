/** Reads ar(5) archives, which Debian packages are (deb(5)). Pure. */

const MAGIC = '!<arch>\n'
const HEADER_BYTES = 60

/** The content of one member. Throws where there is no such member, or the archive is none. */
export function readMember(archive: Buffer, wanted: string): Buffer {
  if (archive.toString('latin1', 0, MAGIC.length) !== MAGIC) throw new Error('not an ar archive')
  for (let at = MAGIC.length; at + HEADER_BYTES <= archive.length; ) {
    const name = archive.toString('latin1', at, at + 16).trimEnd().replace(/\/$/, '')
    const size = Number(archive.toString('latin1', at + 48, at + 58))
    const content = at + HEADER_BYTES
    if (name === wanted) return archive.subarray(content, content + size)
    // members begin at even places
    at = content + size + (size % 2)
  }
  throw new Error(`the archive has no ${wanted}`)
}
