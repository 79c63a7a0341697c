import { readFileSync } from 'node:fs'
import t from 'tap'
import { readModinfo, readNeeded } from '../../../../daemon/image/tiny/elf.ts'
import { makeElf, makeModule } from './elf-file.ts'

t.test('the libraries and the loader that a program names are read', async (t) => {
  const strings = Buffer.from('\0libone.so.1\0libtwo.so\0')
  const dynamic = Buffer.alloc(64)
  for (const [index, [tag, value]] of ([[1, 1], [14, 5], [1, 13], [0, 0]] as const).entries()) {
    dynamic.writeBigInt64LE(BigInt(tag), index * 16)
    dynamic.writeBigUInt64LE(BigInt(value), index * 16 + 8)
  }
  const program = makeElf([
    { name: '.dynstr', bytes: strings },
    { name: '.dynamic', bytes: dynamic, link: 1 },
    { name: '.interp', bytes: Buffer.from('/lib64/ld.so\0') },
  ])
  t.same(readNeeded(program), { libraries: ['libone.so.1', 'libtwo.so'], loader: '/lib64/ld.so' })
})

t.test('a real program is read: Node needs the C library', async (t) => {
  const { libraries, loader } = readNeeded(readFileSync(process.execPath))
  t.ok(libraries.includes('libc.so.6'))
  t.match(loader, /^\/.*ld-linux/)
})

t.test('a file without these sections needs nothing', async (t) => {
  t.same(readNeeded(makeElf([])), { libraries: [], loader: undefined })
  t.same(readModinfo(makeElf([])), [])
})

t.test('what a module tells of itself is read in order, values with "=" too', async (t) => {
  t.same(readModinfo(makeModule(['license=GPL', 'alias=a', 'parm=x:a=b', 'depends='])), [
    ['license', 'GPL'],
    ['alias', 'a'],
    ['parm', 'x:a=b'],
    ['depends', ''],
  ])
})

t.test('what is no ELF file of this kind is refused', async (t) => {
  t.throws(() => readModinfo(Buffer.from('#!/bin/sh')), /not a 64-bit/)
  t.throws(() => readModinfo(Buffer.alloc(64)), /not a 64-bit/)
})
