import t from 'tap'
import { quoteWord } from '../../../daemon/shell-word.ts'
import { collectChecks } from '../../../daemon/doctor/collect.ts'
import { recordLog } from '../rpc/harness.ts'

t.test('a check that fails takes no other with it, and keeps its place', async (t) => {
  const { log, lines } = recordLog()
  const ok = (subject: string) => () => [{ subject, status: 'ok' as const, detail: '' }]
  const fail = (): never => {
    throw new Error('no such luck')
  }
  const checks = await collectChecks({ first: ok('first'), second: fail, third: async () => Promise.reject(new Error('nor here')), last: ok('last') }, log)
  t.match(checks, [{ subject: 'first' }, { subject: 'second', status: 'degraded', detail: /no such luck/ }, { subject: 'third', detail: /nor here/ }, { subject: 'last' }])
  t.equal(lines.length, 2)
})

t.test('paths in commands stay one word', (t) => {
  t.equal(quoteWord('/srv/a-b_c.qcow2'), '/srv/a-b_c.qcow2')
  t.equal(quoteWord("/srv/it's $HOME"), String.raw`'/srv/it'\''s $HOME'`)
  t.end()
})
