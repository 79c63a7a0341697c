import t from 'tap'
import { methods } from '../../../policy/api/index.ts'
import { deriveRoutes, isQuick, queryShapes, type Route } from '../../../policy/http/routes.ts'

const routes = deriveRoutes()
const show = ({ verb, path }: Route): string => `${verb} ${path}`

t.test('the routes are these: scripts have them', async (t) => {
  t.strictSame(routes.map((route) => [route.method, show(route)]), [
    ['vm.create', 'POST /v1/vm'],
    ['vm.list', 'GET /v1/vm'],
    ['vm.get', 'GET /v1/vm/{vm}'],
    ['vm.start', 'POST /v1/vm/{vm}/start'],
    ['vm.stop', 'POST /v1/vm/{vm}/stop'],
    ['vm.restart', 'POST /v1/vm/{vm}/restart'],
    ['vm.set', 'PATCH /v1/vm/{vm}'],
    ['vm.delete', 'DELETE /v1/vm/{vm}'],
    ['vm.wait', 'GET /v1/vm/{vm}/wait'],
    ['vm.plan', 'GET /v1/vm/-/plan'],
    ['vm.plan', 'POST /v1/vm/-/plan'],
    ['vm.log', 'GET /v1/vm/{vm}/log'],
    ['vm.stats', 'GET /v1/vm/-/stats'],
    ['stats.subscribe', 'GET /v1/stats'],
    ['vm.init-log', 'GET /v1/vm/{vm}/init-log'],
    ['vm.exec', 'POST /v1/vm/{vm}/exec'],
    ['vm.copy-in', 'POST /v1/vm/{vm}/copy-in'],
    ['vm.copy-out', 'POST /v1/vm/{vm}/copy-out'],
    ['vm.suspend', 'POST /v1/vm/{vm}/suspend'],
    ['vm.resume', 'POST /v1/vm/{vm}/resume'],
    ['vm.resize', 'POST /v1/vm/{vm}/resize'],
    ['vm.snapshot.create', 'POST /v1/vm/{vm}/snapshot'],
    ['vm.snapshot.list', 'GET /v1/vm/{vm}/snapshot'],
    ['vm.snapshot.restore', 'POST /v1/vm/{vm}/snapshot/{name}/restore'],
    ['vm.snapshot.delete', 'DELETE /v1/vm/{vm}/snapshot/{name}'],
    ['vm.clone', 'POST /v1/vm/{vm}/clone'],
    ['vm.export', 'POST /v1/vm/{vm}/export'],
    ['image.list', 'GET /v1/image'],
    ['image.import', 'POST /v1/image/import'],
    ['image.pull', 'POST /v1/image/pull'],
    ['image.catalogue', 'GET /v1/image/catalogue'],
    ['image.set', 'PATCH /v1/image/{image}'],
    ['image.delete', 'DELETE /v1/image/{image}'],
    ['image.build', 'POST /v1/image/build'],
    ['network.create', 'POST /v1/network'],
    ['network.list', 'GET /v1/network'],
    ['network.get', 'GET /v1/network/{network}'],
    ['network.delete', 'DELETE /v1/network/{network}'],
    ['vpn.create', 'POST /v1/vpn'],
    ['vpn.list', 'GET /v1/vpn'],
    ['vpn.get', 'GET /v1/vpn/{vpn}'],
    ['vpn.delete', 'DELETE /v1/vpn/{vpn}'],
    ['vpn.invite', 'POST /v1/vpn/{vpn}/invite'],
    ['vpn.join', 'POST /v1/vpn/join'],
    ['vpn.accept', 'POST /v1/vpn/accept'],
    ['vpn.peer.add', 'POST /v1/vpn/{vpn}/peer'],
    ['vpn.peer.remove', 'DELETE /v1/vpn/{vpn}/peer/{peer}'],
    ['vpn.peer.list', 'GET /v1/vpn/{vpn}/peer'],
    ['events.subscribe', 'GET /v1/events'],
    ['system.info', 'GET /v1/system/info'],
    ['system.doctor', 'GET /v1/system/doctor'],
    ['system.metrics', 'GET /v1/system/metrics'],
    ['rpc.discover', 'GET /v1/rpc/discover'],
  ])
})

t.test('no two routes are the same request, whatever stands for their params', async (t) => {
  for (const [index, one] of routes.entries()) {
    for (const other of routes.slice(index + 1)) t.notOk(one.verb === other.verb && mayBeSame(one.path, other.path), `${show(one)} and ${show(other)}`)
  }
})

/** A name of a thing has letters and digits, so `-` alone is none; it may be any word. */
function mayBeSame(one: string, other: string): boolean {
  const [ours, theirs] = [one.split('/'), other.split('/')]
  if (ours.length !== theirs.length) return false
  return ours.every((word, at) => {
    const their = theirs[at]!
    if (word.startsWith('{')) return their !== '-'
    return their.startsWith('{') ? word !== '-' : word === their
  })
}

t.test('every method has a route, but for what leaves HTTP and what ends a stream', async (t) => {
  const without = Object.keys(methods).filter((name) => !routes.some(({ method }) => method === name))
  t.strictSame(without.sort(), ['events.unsubscribe', 'stats.unsubscribe', 'vm.console'])
})

t.test('every param of a path is a param of the method, and one that it needs', async (t) => {
  for (const { method, path, placed } of routes) {
    t.strictSame([...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]), [...placed])
    for (const param of placed) t.notOk(methods[method].params.safeParse({}).success, `${method} needs ${param}`)
  }
})

t.test('what changes something is never a GET', async (t) => {
  for (const route of routes) if (methods[route.method].access === 'control') t.not(route.verb, 'GET', show(route))
})

t.test('params of a query have the types of the method', async (t) => {
  t.strictSame(queryShapes('vm.wait', ['vm']), { for: 'string', timeoutSeconds: 'number' })
  t.strictSame(queryShapes('events.subscribe', []), { kinds: 'strings', recent: 'number' })
  t.match(queryShapes('vm.plan', []), { image: 'string', autostart: 'boolean', sshKeys: 'strings', networks: 'json' })
})

t.test('what waits, looks for a time, tells its progress or changes something is not quick', async (t) => {
  for (const method of ['vm.wait', 'vm.stats', 'vm.create', 'vm.exec', 'vm.set'] as const) t.notOk(isQuick(method), method)
  for (const method of ['vm.list', 'vm.get', 'vm.plan', 'system.metrics'] as const) t.ok(isQuick(method), method)
})
