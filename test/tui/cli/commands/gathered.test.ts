import t from 'tap'
import type { Command, Json } from '../../../../tui/cli/command-table.ts'
import { renderAnswers } from '../../../../tui/cli/commands/gathered.ts'

const plain = (text: string): string => text
const list = { words: ['vm', 'list'], method: 'vm.list', table: { rows: 'vms', columns: ['id', 'name'] } } as unknown as Command
const metrics = { words: ['metrics'], method: 'system.metrics' } as unknown as Command

t.test('what one host answers keeps nobody from reading what others do', async (t) => {
  const good = { host: 'a', result: { vms: [{ id: 'aaaaaaaa', name: 'web' }] } }
  const odd: readonly (readonly [result: Json, lines: readonly string[]])[] = [
    [null, []],
    ['vms', []],
    [{ vms: 5 }, []],
    [{ vms: 'abc' }, []],
    [{ vms: [null, 5, 'x', [1]] }, []],
    [{ vms: [{ id: [[[[]]]], name: { a: { b: [] } } }] }, ['z     -         -']],
    [{ vms: [{ id: 'bbbbbbbb', host: 'a', name: '\u001b[2J' }] }, ['z     bbbbbbbb  \\x1b[2J']],
  ]
  for (const [result, lines] of odd) {
    t.same(renderAnswers(list, [good, { host: 'z', result }], plain), ['HOST  ID        NAME', 'a     aaaaaaaa  web', ...lines], JSON.stringify(result))
  }
  t.same(renderAnswers(metrics, [{ host: 'z', result: { text: 5 } }, { host: 'a', result: { text: 'vms 1\n' } }], plain), ['z:', '  text:  5', 'a:', '  vms 1'])
})
