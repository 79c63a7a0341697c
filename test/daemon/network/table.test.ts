import t from 'tap'
import { NetworkName, Prefix64 } from '../../../policy/names.ts'
import { openNetworkTable } from '../../../daemon/network/table.ts'
import { recordLog } from '../rpc/harness.ts'
import { lan, lanRecord } from './harness.ts'

t.test('what was saved is there for the next daemon, by name', async (t) => {
  const folder = t.testdir({})
  const { log } = recordLog()
  const table = openNetworkTable(folder, log)
  const createdAt = '2026-01-02T03:04:05.678Z'
  await table.save({ version: 1, name: lan, prefix: Prefix64.parse('fd00:ae:0:1::/64'), createdAt })
  await table.save({ version: 1, name: NetworkName.parse('dmz'), createdAt })
  t.same(openNetworkTable(folder, log).records(), table.records())
  t.same(table.records().map(({ name }) => name), ['dmz', 'lan'])
  await table.remove(lan)
  t.same(openNetworkTable(folder, log).records().map(({ name }) => name), ['dmz'])
})

t.test('a record that does not fit is told with its reason, and nothing but records is read', async (t) => {
  const files = {
    'lan.json': JSON.stringify({ ...lanRecord, name: 'wan' }),
    'net-1.json': JSON.stringify({ ...lanRecord, name: 'net-1', prefix: 'fd00::/48' }),
    'net-2.json': '{',
    '.lan.json.pending': '',
    'UPPER.json': '{}',
    'notes.txt': '',
    'good.json': JSON.stringify({ ...lanRecord, name: 'good' }),
  }
  const { log, lines } = recordLog()
  const table = openNetworkTable(t.testdir({ network: files }), log)
  t.same(table.records().map(({ name }) => name), ['good'])
  t.same([...table.broken.keys()].sort(), ['lan', 'net-1', 'net-2'])
  t.match(table.broken.get('lan'), /its name is "wan"/)
  t.match(table.broken.get('net-1'), /^prefix: /)
  t.equal(lines.length, 3)
  t.throws(() => table.find('lan', 'network'), { name: 'UserError', data: { name: 'NETWORK_RECORD_BROKEN', field: 'network' } })
  t.throws(() => table.find('none', 'network'), { name: 'UserError', data: { name: 'NETWORK_NOT_FOUND', hint: /network create none/ } })
})
