import t from 'tap'
import { countIds, inNamespaces } from '../../../../daemon/image/builder/namespace.ts'

t.test('a plain user gets ids first, and what ends the rest with its parent comes after that', async (t) => {
  const argv = inNamespaces(['mke2fs', 'a b'], false)
  t.same(argv.slice(0, 4), ['unshare', '--user', '--map-root-user', '--map-auto'])
  t.ok(argv.indexOf('--pdeathsig') > argv.indexOf('--map-auto'))
  t.ok(argv.includes('--kill-child=KILL') && argv.includes('--net'))
  t.same(argv.slice(-2), ['mke2fs', 'a b'])
})

t.test('root needs no other ids', async (t) => {
  t.notOk(inNamespaces(['true'], true).includes('--user'))
})

t.test('the largest range of subordinate ids counts, by name or by number, and nothing of others', async (t) => {
  const text = 'bob:100000:65536\nann:165536:1000\nann:300000:65536\n1007:400000:70000\nbroken\ncarl:500000:x\n'
  t.equal(countIds(text, ['ann', '1001']), 65_536)
  t.equal(countIds(text, ['dora', '1007']), 70_000)
  t.equal(countIds(text, ['an', 'carl']), 0)
  t.equal(countIds('', ['ann']), 0)
})
