/** PURE: reads what is needed of 64-bit little-endian ELF files; the format: elf(5). */

interface Section {
  readonly name: string
  readonly bytes: Buffer
  /** Index of the section that this one's strings are in. */
  readonly link: number
}

const HEADER_SIZE = 64
const SECTION_HEADER_SIZE = 64
const SHT_NOBITS = 8
const DYNAMIC_ENTRY_SIZE = 16
const DT_NEEDED = 1n

/** The libraries that a program or library names as needed, and its loader's path if it is a program. */
export function readNeeded(file: Uint8Array): { readonly libraries: string[]; readonly loader: string | undefined } {
  const sections = readSections(file)
  const dynamic = sections.find(({ name }) => name === '.dynamic')
  const strings = dynamic && sections[dynamic.link]?.bytes
  const libraries: string[] = []
  for (let at = 0; dynamic && strings && at + DYNAMIC_ENTRY_SIZE <= dynamic.bytes.length; at += DYNAMIC_ENTRY_SIZE) {
    if (dynamic.bytes.readBigInt64LE(at) === DT_NEEDED) {
      libraries.push(readString(strings, Number(dynamic.bytes.readBigUInt64LE(at + 8))))
    }
  }
  const loader = sections.find(({ name }) => name === '.interp')
  return { libraries, loader: loader && readString(loader.bytes, 0) }
}

/** What a kernel module tells of itself: its `KEY=VALUE` strings in order, as modinfo(8) shows them. */
export function readModinfo(file: Uint8Array): [key: string, value: string][] {
  const section = readSections(file).find(({ name }) => name === '.modinfo')
  const texts = section ? section.bytes.toString().split('\0') : []
  return texts.filter((text) => text !== '').map((text) => {
    const at = text.indexOf('=')
    return [text.slice(0, at), text.slice(at + 1)]
  })
}

function readSections(bytes: Uint8Array): Section[] {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (file.length < HEADER_SIZE || file.toString('latin1', 0, 6) !== '\x7fELF\x02\x01') {
    throw new Error('not a 64-bit little-endian ELF file')
  }
  const table = Number(file.readBigUInt64LE(40))
  const headers = Array.from({ length: file.readUInt16LE(60) }, (_, index) => {
    const at = table + index * SECTION_HEADER_SIZE
    const hasBytes = file.readUInt32LE(at + 4) !== SHT_NOBITS
    const [offset, size] = [Number(file.readBigUInt64LE(at + 24)), Number(file.readBigUInt64LE(at + 32))]
    return {
      nameOffset: file.readUInt32LE(at),
      bytes: file.subarray(offset, hasBytes ? offset + size : offset),
      link: file.readUInt32LE(at + 40),
    }
  })
  const names = headers[file.readUInt16LE(62)]?.bytes ?? Buffer.alloc(0)
  return headers.map(({ nameOffset, bytes, link }) => ({ name: readString(names, nameOffset), bytes, link }))
}

function readString(table: Buffer, offset: number): string {
  const end = table.indexOf(0, offset)
  return table.toString('utf8', offset, end < 0 ? table.length : end)
}
