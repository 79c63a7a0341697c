import t from 'tap'
import { methods } from '../../../policy/api/index.ts'
import type { Method } from '../../../policy/api/method.ts'
import { refuseRemote } from '../../../tui/cluster/permission.ts'

t.test('which methods may be called over the broker', async (t) => {
  const cases: readonly (readonly [method: string, none: boolean, observe: boolean, control: boolean])[] = [
    ['vm.list', false, true, true],
    ['system.metrics', false, true, true],
    ['vm.stop', false, false, true],
    ['vm.exec', false, false, true],
    ['vm.console', false, false, false],
    ['events.subscribe', false, false, false],
    ['stats.subscribe', false, false, false],
    ['image.import', false, false, false],
    ['image.build', false, false, false],
    ['vm.export', false, false, false],
    ['vpn.invite', false, false, false],
    ['vpn.join', false, false, false],
    ['vpn.accept', false, false, false],
    ['vm.nothing', false, false, false],
    ['toString', false, false, false],
  ]
  for (const [method, ...permitted] of cases) {
    t.same((['none', 'observe', 'control'] as const).map((remote) => refuseRemote(method, remote) === undefined), permitted, method)
  }
})

t.test('who may observe changes nothing, whatever methods there will be', async (t) => {
  for (const [name, { access }] of Object.entries<Method>(methods)) {
    if (access === 'control') t.ok(refuseRemote(name, 'observe'), name)
    t.ok(refuseRemote(name, 'none'), name)
  }
})

t.test('a method that there is not is told from one that is refused', async (t) => {
  t.equal(refuseRemote('vm.nothing', 'control')?.name, 'METHOD_NOT_FOUND')
  t.equal(refuseRemote('vm.stop', 'observe')?.name, 'ACCESS_DENIED')
})
