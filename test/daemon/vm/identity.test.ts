import t from 'tap'
import { drawMacAddress, drawVmId, vmIdOfRequest } from '../../../daemon/vm/identity.ts'
import { MacAddress, VmId } from '../../../policy/names.ts'

t.test('an id has the form of one and is not one that is taken', (t) => {
  const drawn: string[] = []
  const id = drawVmId((candidate) => drawn.push(candidate) < 3)
  t.equal(drawn.length, 3, 'draws again while the id is taken')
  t.equal(id, drawn[2])
  t.ok(VmId.safeParse(id).success)
  t.end()
})

t.test('the id of a request is the same each time, and another for another request', (t) => {
  const requests = Array.from({ length: 100 }, (_, index) => `request-${index}`)
  const ids = requests.map(vmIdOfRequest)
  t.same(requests.map(vmIdOfRequest), ids)
  t.equal(new Set(ids).size, ids.length)
  t.same(ids.filter((id) => !VmId.safeParse(id).success), [])
  t.end()
})

t.test('a MAC address is unicast and locally administered', (t) => {
  const drawn = Array.from({ length: 500 }, drawMacAddress)
  t.same(drawn.filter((mac) => !MacAddress.safeParse(mac).success), [])
  t.same([...new Set(drawn.map((mac) => Number.parseInt(mac.slice(0, 2), 16) & 3))], [2])
  t.end()
})
