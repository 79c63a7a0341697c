import t from 'tap'
import { parseHostRelease, retarget } from '../../../../daemon/image/debian/sources.ts'

t.test('os-release tells whether the host is Debian, and which', async (t) => {
  t.same(parseHostRelease('PRETTY_NAME="Debian"\nVERSION_CODENAME=bookworm\nID=debian\n'), { isDebian: true, codename: 'bookworm' })
  t.same(parseHostRelease('ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME="noble"\n'), { isDebian: false, codename: 'noble' })
  t.same(parseHostRelease(''), { isDebian: false, codename: 'unknown' })
})

t.test('sources of one suite become those of another, with its updates', async (t) => {
  const text = 'Types: deb\nURIs: http://deb.example/debian\nSuites: bookworm bookworm-updates\nComponents: main\n'
  t.equal(retarget(text, 'bookworm', 'trixie'), text.replaceAll('bookworm', 'trixie'))
  t.equal(retarget('deb http://deb.example/x bookworm/updates main\n', 'bookworm', 'trixie'), 'deb http://deb.example/x trixie/updates main\n')
})

t.test('what only looks like the suite is left alone, and a list without it is not taken', async (t) => {
  t.equal(retarget('deb http://deb.example/mybookworm stable main\n', 'bookworm', 'trixie'), undefined)
  t.equal(retarget('deb http://bookworm.example/debian sid main\n', 'bookworm', 'trixie'), undefined)
  t.equal(retarget('', 'bookworm', 'trixie'), undefined)
})
