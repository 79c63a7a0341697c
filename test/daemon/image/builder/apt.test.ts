import t from 'tap'
import { parseUris } from '../../../../daemon/image/builder/apt.ts'

const hash = 'ab'.repeat(32)

t.test('what apt-get would download is read, other lines left out', async (t) => {
  const text = `Reading package lists...\n'http://example/pool/b/b_1%2b2_amd64.deb' b_1%3a1+2_amd64.deb 928188 SHA256:${hash}\n`
  t.same(parseUris(text), [{ file: 'b_1%3a1+2_amd64.deb', bytes: 928_188, sha256: hash }])
  t.same(parseUris(''), [])
})

t.test('a package without a hash that is worth something is refused', async (t) => {
  t.throws(() => parseUris("'http://example/b.deb' b.deb 12 MD5Sum:0123\n"), { data: { name: 'IMAGE_BUILD_FAILED' }, message: /no SHA-256 hash/ })
  t.throws(() => parseUris("'http://example/b.deb' b.deb 12 \n"), { data: { name: 'IMAGE_BUILD_FAILED' }, message: /no SHA-256 hash/ })
})
