/** Makes 64-bit ELF files with sections of a test's choosing. */

export interface TestSection {
  readonly name: string
  readonly bytes: Buffer
  /** Index of the section with its strings; the first of `sections` has index 1. */
  readonly link?: number
}

/** A file with an empty section 0, these, and the section of names, as elf(5) lays them out. */
export function makeElf(sections: readonly TestSection[]): Buffer {
  const all = [{ name: '', bytes: Buffer.alloc(0) }, ...sections, { name: '.shstrtab', bytes: Buffer.alloc(0) }]
  const names = Buffer.from(all.map(({ name }) => `${name}\0`).join(''))
  const header = Buffer.alloc(64)
  header.write('\x7fELF\x02\x01\x01', 'latin1')
  const bodies: Buffer[] = []
  let [end, nameAt] = [header.length, 0]
  const headers = all.map((section: TestSection, index) => {
    const bytes = index === all.length - 1 ? names : section.bytes
    const entry = Buffer.alloc(64)
    entry.writeUInt32LE(nameAt, 0)
    entry.writeUInt32LE(1, 4)
    entry.writeBigUInt64LE(BigInt(end), 24)
    entry.writeBigUInt64LE(BigInt(bytes.length), 32)
    entry.writeUInt32LE(section.link ?? 0, 40)
    bodies.push(bytes)
    end += bytes.length
    nameAt += section.name.length + 1
    return entry
  })
  header.writeBigUInt64LE(BigInt(end), 40)
  header.writeUInt16LE(headers.length, 60)
  header.writeUInt16LE(headers.length - 1, 62)
  return Buffer.concat([header, ...bodies, ...headers])
}

/** A kernel module that says this of itself. */
export function makeModule(modinfo: readonly string[]): Buffer {
  return makeElf([{ name: '.modinfo', bytes: Buffer.from(modinfo.map((text) => `${text}\0`).join('')) }])
}
