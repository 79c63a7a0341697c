/** When nobody waits any more for the answer to a request of another host. */
import t from 'tap'
import { headers } from '../../../policy/broker/topology.ts'
import { isExpired } from '../../../tui/cluster/request.ts'

t.test('a request is over by the time that it says, or once it has waited here for as long as it was good', async (t) => {
  const at = (deadline: unknown): object => ({ [headers.deadline]: deadline })
  t.notOk(isExpired({}, 1000, 1e9), 'one that says nothing waits as long as it takes')
  t.same([isExpired({ headers: at(1000) }, 1000, 0), isExpired({ headers: at('999') }, 1000, 0)], [false, true])
  t.same([isExpired({ expiration: '500' }, 1e15, 500), isExpired({ expiration: '500' }, 0, 501)], [false, true], 'whatever the clocks say')
  t.notOk(isExpired({ headers: at({}), expiration: 'soon' }, 1000, 1000), 'what is no number says nothing')
})
