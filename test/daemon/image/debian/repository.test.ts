import { createHash } from 'node:crypto'
import t from 'tap'
import { describePackage, describeRelease, nameInRepository } from '../../../../daemon/image/debian/repository.ts'

t.test('a package is listed with its own fields, and where its file is', async (t) => {
  const one = { file: 'a_1%3a2_amd64.deb', bytes: 12, sha256: 'ab', use: 'guest' }
  t.equal(describePackage('Package: a\nVersion: 1:2\n\n', one), 'Package: a\nVersion: 1:2\nFilename: ./a_1_3a2_amd64.deb\nSize: 12\nSHA256: ab\n')
})

t.test('no name has what apt would decode', async (t) => {
  t.equal(nameInRepository('a_1%3a2%2b3_all.deb'), 'a_1_3a2_2b3_all.deb')
})

t.test('the release vouches for the list', async (t) => {
  const list = 'Package: ä\n'
  const hash = createHash('sha256').update(list).digest('hex')
  t.equal(describeRelease('bookworm', list), `Suite: bookworm\nCodename: bookworm\nSHA256:\n ${hash} 12 Packages\n`)
})
