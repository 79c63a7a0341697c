import t from 'tap'
import { fileOf, followRedirect, parseUrl } from '../../../../daemon/image/pull/url.ts'

t.test('from https to http only against a digest that was given', async (t) => {
  const from = new URL('https://a.example.org/x/disk.img')
  t.throws(() => followRedirect(from, 'http://b.example.org/disk.img', false), { message: /from https to http, at b\.example\.org/ })
  t.equal(followRedirect(from, 'http://b.example.org/disk.img', true).href, 'http://b.example.org/disk.img')
  t.equal(followRedirect(from, '../y', false).href, 'https://a.example.org/y')
  t.equal(followRedirect(from, '//c.example.org/z', false).href, 'https://c.example.org/z')
  t.equal(followRedirect(new URL('http://a.example.org'), 'https://b.example.org/', false).protocol, 'https:')
})

t.test('elsewhere than http and https, never', async (t) => {
  for (const location of ['file:///etc/passwd', 'ftp://a.example.org/', 'javascript:0', 'data:,x', 'https://me@a.example.org/']) {
    t.match(t.throws(() => followRedirect(new URL('http://a.example.org'), location, true), location), { data: { name: 'IMAGE_URL_REFUSED' } }, location)
  }
})

t.test('what stands behind # is not asked for', async (t) => {
  t.equal(parseUrl('https://a.example.org/x#y', 'source').href, 'https://a.example.org/x')
})

t.test('a file is named by the last part of the path', async (t) => {
  t.equal(fileOf(new URL('https://a.example.org/x/my%20disk.img?y=/z')), 'my disk.img')
  t.equal(fileOf(new URL('https://a.example.org/100%.img')), '100%.img')
  t.equal(fileOf(new URL('https://a.example.org/')), '')
})
