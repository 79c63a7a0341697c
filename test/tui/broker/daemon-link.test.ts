import t from 'tap'
import { DaemonLink, isAway } from '../../../tui/broker/daemon-link.ts'
import { connect } from '../../../tui/client.ts'
import { startFakeDaemon } from '../../fakes/daemon.ts'
import { eventually } from '../../system/daemon.ts'

t.test('a daemon that takes connections and does not answer is away until it does', async (t) => {
  let awake = Promise.withResolvers<void>()
  awake.resolve()
  const whenAwake = async (): Promise<object> => {
    await awake.promise
    return {}
  }
  const daemon = await startFakeDaemon(t, { 'system.info': whenAwake, 'vm.list': whenAwake })
  const told: (string | undefined)[] = []
  const link = new DaemonLink(
    () => connect({ socket: daemon.socket, env: {}, access: 'control' }),
    (why) => told.push(why),
    { everyMs: 10, silentMs: 200 },
  )
  t.teardown(() => link.close())
  link.start()
  await eventually(() => link.isThere, () => 'it is not there')
  t.same(await link.call('vm.list', {}), {})

  awake = Promise.withResolvers()
  const asked = link.call('vm.list', {})
  const error: unknown = await asked.catch((reason: unknown) => reason)
  t.ok(isAway(error), 'what it was asked ends as if it had gone')
  await eventually(() => !link.isThere, () => 'it is there')
  const connections = daemon.requests.length
  await eventually(() => daemon.requests.length > connections + 1, () => 'it is not asked again')
  t.notOk(link.isThere, 'a connection to it is no answer')

  awake.resolve()
  await eventually(() => link.isThere, () => 'it is not there again')
  t.same(await link.call('vm.list', {}), {})
  t.match(told, [undefined, 'it has not answered for 0.2 s', undefined])
})
