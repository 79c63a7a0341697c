import t from 'tap'
import { packNewc } from '../../../../daemon/image/tiny/newc.ts'

const header = (fields: readonly number[]): string => `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`

t.test('an archive is what the kernel documents: header, name and data, each padded to four bytes', async (t) => {
  const archive = packNewc(
    [
      { kind: 'folder', path: 'bin', mode: 0o755 },
      { kind: 'file', path: 'bin/a', mode: 0o600, data: Buffer.from('hello') },
      { kind: 'symlink', path: 'bin/bc', target: 'a' },
    ],
    1_700_000_000,
  )
  // ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor namesize check
  const expected = [
    `${header([1, 0o040755, 0, 0, 2, 1_700_000_000, 0, 0, 0, 0, 0, 4, 0])}bin\0\0\0`,
    `${header([2, 0o100600, 0, 0, 1, 1_700_000_000, 5, 0, 0, 0, 0, 6, 0])}bin/a\0hello\0\0\0`,
    `${header([3, 0o120777, 0, 0, 1, 1_700_000_000, 1, 0, 0, 0, 0, 7, 0])}bin/bc\0\0\0\0a\0\0\0`,
    `${header([0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 11, 0])}TRAILER!!!\0\0\0\0`,
  ]
  t.equal(Buffer.from(archive).toString('latin1'), expected.join(''))
  for (const member of expected) t.equal(member.length % 4, 0)
})
