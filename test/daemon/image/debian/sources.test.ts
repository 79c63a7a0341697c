import t from 'tap'
import { findDebian, parseHostRelease, renderSources } from '../../../../daemon/image/debian/sources.ts'

t.test('os-release tells whether the host is Debian, and which', async (t) => {
  t.same(parseHostRelease('PRETTY_NAME="Debian"\nVERSION_CODENAME=bookworm\nID=debian\n'), { isDebian: true, codename: 'bookworm' })
  t.same(parseHostRelease('ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME="noble"\n'), { isDebian: false, codename: 'noble' })
  t.same(parseHostRelease(''), { isDebian: false, codename: 'unknown' })
})

const stanzas = `Types: deb deb-src
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib

# a remark
Types: deb
URIs: http://mirror.example/debian-security/
Suites: bookworm-security
Components: main

Types: deb
Enabled: no
URIs: http://off.example/debian
Suites: bookworm
Components: main
`
const security = { uri: 'http://mirror.example/debian-security/', suite: 'bookworm-security', components: 'main' }

t.test("the machine's own archives of Debian are found in either form, and nobody else's", async (t) => {
  t.same(findDebian(stanzas, 'bookworm'), [
    { uri: 'http://mirror.example/debian', suite: 'bookworm', components: 'main contrib' },
    { uri: 'http://mirror.example/debian', suite: 'bookworm-updates', components: 'main contrib' },
    security,
  ])
  const lines = [
    'deb [arch=amd64 signed-by=/k.gpg] https://mirror.example/debian bookworm main # fast',
    'deb-src https://mirror.example/debian bookworm main',
    '# deb https://mirror.example/debian bookworm-updates main',
    'deb https://other.example/tools bookworm main',
    'deb https://mirror.example/debian sid main',
  ]
  t.same(findDebian(lines.join('\n'), 'bookworm'), [{ uri: 'https://mirror.example/debian', suite: 'bookworm', components: 'main' }])
  t.same(findDebian('', 'bookworm'), [])
})

t.test('sources of one suite become those of another, each once', async (t) => {
  t.equal(
    renderSources([security, security], 'bookworm', 'trixie'),
    'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://mirror.example/debian-security/ trixie-security main\n',
  )
})
