import t from 'tap'
import { openHostLinks } from '../../../daemon/network/links.ts'

t.test('a bridge is told from other links, and our own links from those of others', (t) => {
  const folder = t.testdir({
    br0: { bridge: {}, ifalias: '' },
    eth0: { ifalias: '\n' },
    aebx: { bridge: {}, ifalias: 'aetherscale:1000:bridge:lan\n' },
    aety: { ifalias: 'aetherscale:1000:tap:adbvzwdf.0\n' },
    bonding_masters: 'no link at all',
  })
  const links = openHostLinks(folder, 1000)
  t.same(['br0', 'eth0', 'none'].map((name) => links.isBridge(name)), [true, false, false])
  t.ok(links.nameOf('bridge', 'lan') !== undefined)
  t.ok(links.nameOf('tap', 'adbvzwdf.0') !== undefined)
  t.notOk(links.nameOf('tap', 'adbvzwdf.1') !== undefined)
  t.notOk(links.nameOf('tap', 'lan') !== undefined)
  t.notOk(openHostLinks(folder, 1001).nameOf('bridge', 'lan'))
  t.end()
})

t.test("the kernel's own folder can be read", (t) => {
  const links = openHostLinks()
  t.notOk(links.isBridge('lo'))
  t.notOk(links.nameOf('tap', 'zzzzzzzz.0') !== undefined)
  t.end()
})
