import t from 'tap'
import { readNodes } from '../../../../daemon/vpn/tinc/nodes.ts'

/** As tincd 1.0.36 wrote it. */
const dump = (nodes: readonly string[]): string[] => [
  'Statistics for Linux tun/tap device (tap mode) /dev/net/tun:',
  ' total bytes in:         516',
  ' total bytes out:        426',
  'Nodes:',
  ...nodes,
  'End of nodes.',
  'Edges:',
  ' host1 to host2 at fd99::2 port 50000 options c weight 8',
  'End of edges.',
  'Subnet list:',
  ' 26:d:17:e8:ad:80#10 owner host2',
  'End of subnet list.',
]
const self = ' host1 at MYSELF cipher 0 digest 0 maclength 0 compression 0 options c status 0018 nexthop host1 via host1 pmtu 1518 (min 0 max 1518)'
const host2 = (status: string): string =>
  ` host2 at fd99::2 port 50000 cipher 427 digest 672 maclength 16 compression 0 options c status ${status} nexthop host2 via host2 pmtu 1419 (min 1419 max 1419)`
const host3 = ' host3 at unknown port unknown cipher 0 digest 0 maclength 0 compression 0 options 0 status 0004 nexthop - via - pmtu 1518 (min 0 max 1518)'

t.test('who is reached is read from the newest whole list', async (t) => {
  const older = dump([self, host2('001a')])
  const newer = dump([self, host2('000a'), host3])
  const expected = new Map([['host1', true], ['host2', false], ['host3', false]])
  t.strictSame(readNodes(['Ready', ...older, ...newer, ''].join('\n')), expected)
  t.strictSame(readNodes([...newer, ...older.slice(0, 5)].join('\n')), expected, 'one that is being written does not count')
  t.strictSame(readNodes([...older.slice(5), ...newer].join('\n')), expected, 'nor one whose beginning was cut off')
  t.strictSame(readNodes([...newer, ...older].join('\r\n')), new Map([['host1', true], ['host2', true]]))
  t.strictSame(readNodes([...older, ...newer].map((line) => `2026-11-27 03:56:44 tinc.blue[51]: ${line}`).join('\n')), expected, 'with the stamps of a log file')
})

t.test('a log without a whole list tells of nobody', async (t) => {
  for (const text of ['', 'Ready\n', dump([self]).slice(0, 5).join('\n'), dump([self]).slice(4).join('\n'), 'End of nodes.\nNodes:\n']) t.equal(readNodes(text).size, 0)
})

t.test('what is no node is passed over', async (t) => {
  const noise = ['Ready', 'Connection with host2 (fd99::2 port 50000) activated', ' x at y status zzzz nexthop', ' a b at c status 001a nexthop d']
  t.strictSame(readNodes(dump([self, ...noise]).join('\n')), new Map([['host1', true]]))
})
