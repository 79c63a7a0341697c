import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { grantAll } from '../../fakes/helper-server.ts'
import { lanRecord, onLan, openNetworks, vmRecord } from './harness.ts'

t.test('filters that somebody has removed are put into force again, those alone, and none twice', async (t) => {
  const open = new Set(['aaaaaaaa.0'])
  const tap = (key: string) => ({ name: `aet-${key}`, kind: 'tap', key, up: true, filtered: !open.has(key) })
  const files = { 'network/lan.json': lanRecord, 'vm/aaaaaaaa/vm.json': vmRecord('aaaaaaaa', [onLan]), 'vm/bbbbbbbb/vm.json': vmRecord('bbbbbbbb', [onLan]) }
  const { watchFilters, requests, lines } = await openNetworks(t, {
    files,
    answer(request) {
      if (request.operation === 'link.list') return { links: ['aaaaaaaa.0', 'bbbbbbbb.0'].map(tap) }
      const { vm, nic } = request.params as { vm: string; nic: number }
      if (request.operation === 'tap.ensure') open.delete(`${vm}.${nic}`)
      return grantAll(request)
    },
  })
  watchFilters()
  const ensured = (): unknown[] => requests.filter(({ operation }) => operation === 'tap.ensure').map(({ params }) => (params as { vm: string }).vm)
  for (let tries = 0; requests.filter(({ operation }) => operation === 'link.list').length < 4 && tries < 500; tries += 1) await delay(10)
  t.same(ensured(), ['aaaaaaaa'])
  t.match(lines.filter(({ level }) => level === 40), [{ taps: ['aaaaaaaa.0'] }])
})
