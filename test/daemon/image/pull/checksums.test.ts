import t from 'tap'
import { findDigest } from '../../../../daemon/image/pull/checksums.ts'

const [a, b, long] = ['a'.repeat(64), 'b'.repeat(64), 'c'.repeat(128)]

t.test('lists as they are published', async (t) => {
  const cases: readonly [string, string, { algorithm: string; hex: string } | undefined, { isAlone: boolean }?][] = [
    ['GNU, text', `${b}  other.img\n${a}  disk.img\n`, { algorithm: 'sha256', hex: a }],
    ['GNU, binary', `${a} *disk.img\n`, { algorithm: 'sha256', hex: a }],
    ['in capitals, with carriage returns', `${a.toUpperCase()}  disk.img\r\n`, { algorithm: 'sha256', hex: a }],
    ['SHA-512', `${long}  disk.img\n`, { algorithm: 'sha512', hex: long }],
    ['BSD', `SHA512 (other.img) = ${long}\nSHA256 (disk.img) = ${a}\n`, { algorithm: 'sha256', hex: a }],
    ['both kinds', `SHA256 (disk.img) = ${a}\nSHA512 (disk.img) = ${long}\n`, { algorithm: 'sha512', hex: long }],
    [
      'signed, as Fedora does',
      `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n# disk.img: 5 bytes\nSHA256 (disk.img) = ${a}\n-----BEGIN PGP SIGNATURE-----\n\niQIzBAEBCAAdFiEE\n=abcd\n-----END PGP SIGNATURE-----\n`,
      { algorithm: 'sha256', hex: a },
    ],
    ['below a folder', `${a}  ./release/disk.img\n`, { algorithm: 'sha256', hex: a }],
    ['here before below a folder', `${b}  old/disk.img\n${a}  ./disk.img\n`, { algorithm: 'sha256', hex: a }],
    ['said twice', `${a}  disk.img\n${a} *disk.img\n`, { algorithm: 'sha256', hex: a }],
    ['two that differ', `${a}  disk.img\n${b}  disk.img\n`, undefined],
    ['not named', `${a}  other.img\n`, undefined],
    ['a name that only ends so', `${a}  my-disk.img\n`, undefined],
    ['BSD with the length of another', `SHA512 (disk.img) = ${a}\n`, undefined],
    ['MD5', `${'d'.repeat(32)}  disk.img\n`, undefined],
    ['a page of HTML', '<html>not found</html>', undefined],
    ['nothing', '', undefined],
    ['a digest alone, beside the file', `${long}\n`, { algorithm: 'sha512', hex: long }, { isAlone: true }],
    ['a digest alone, in a list of many files', `${long}\n`, undefined],
    ['two alone', `${a}\n${b}\n`, undefined, { isAlone: true }],
    ['of another file, beside this one', `${a}  other.img\n`, undefined, { isAlone: true }],
  ]
  for (const [what, list, expected, options] of cases) t.same(findDigest(list, 'disk.img', options), expected, what)
})
