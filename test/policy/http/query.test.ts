import t from 'tap'
import { readQuery } from '../../../policy/http/query.ts'

const shapes = { state: 'string', recent: 'number', force: 'boolean', kinds: 'strings', networks: 'json' } as const

t.test('text is read as what the method takes', async (t) => {
  t.strictSame(readQuery('state=running&recent=20&force=true&kinds=vm.state&kinds=vm.init', shapes), {
    state: 'running',
    recent: 20,
    force: true,
    kinds: ['vm.state', 'vm.init'],
  })
  t.strictSame(readQuery('kinds=vm.state', shapes), { kinds: ['vm.state'] }, 'one is a list of one')
  t.strictSame(readQuery('recent=-1.5&state=a%2Fb+c&force=false', shapes), { recent: -1.5, state: 'a/b c', force: false })
  t.strictSame(readQuery('', shapes), {})
})

t.test('what does not fit stays text, for the check of the params to tell', async (t) => {
  t.strictSame(readQuery('recent=many&force=yes&recent=1e99', shapes), { recent: ['many', '1e99'], force: 'yes' })
  t.strictSame(readQuery('recent=&recent', shapes), { recent: ['', ''] })
  t.strictSame(readQuery('recent=99999999999999999999', shapes), { recent: '99999999999999999999' }, 'a number that JSON does not carry exactly')
})

t.test('names that nobody has asked for go on as they are, also those of every object', async (t) => {
  const params = readQuery('__proto__=x&constructor=y&unknown=1', shapes)
  t.equal(JSON.stringify(params), '{"__proto__":"x","constructor":"y","unknown":"1"}')
})

t.test('objects are not said in a query', async (t) => {
  t.throws(() => readQuery('networks=user', shapes), { message: /networks/, data: { name: 'INVALID_PARAMS', field: 'networks', hint: /POST/ } })
})
