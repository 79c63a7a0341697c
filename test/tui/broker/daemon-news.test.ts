/** What a daemon tells its host's relay by itself. */
import t from 'tap'
import { connectForNews } from '../../../tui/broker/daemon-news.ts'
import { connect, type Client } from '../../../tui/client.ts'
import { FakeError, startFakeDaemon, type FakeAnswer } from '../../fakes/daemon.ts'
import { eventually } from '../../system/daemon.ts'

type Told = { kinds: readonly string[]; notify: (method: string, params: unknown) => void }

t.test('what other hosts are to know is told as it happens', async (t) => {
  const told: Told[] = []
  const daemon = await startFakeDaemon(t, { 'events.subscribe': ({ params, notify }) => (told.push({ kinds: params['kinds'] as string[], notify }), params) })
  let news = 0
  const client = await connectForNews(() => connect({ directory: daemon.directory, env: {}, access: 'control' }), () => news++)
  t.teardown(() => client.close())
  await eventually(() => told.length === 1, 'it has subscribed')
  t.ok(told[0]!.kinds.includes('vpn.created'))
  t.notOk(told[0]!.kinds.some((kind) => kind.startsWith('vm.')), 'not of what VMs do')
  told[0]!.notify('event', { kind: 'vpn.created', vpn: 'blue', at: new Date().toISOString() })
  await eventually(() => news === 1, 'it was told')
})

t.test('a daemon that tells nothing is a daemon all the same', async (t) => {
  const refuse: FakeAnswer = () => new FakeError(-32_601, 'there is no such method', { name: 'METHOD_NOT_FOUND' })
  const daemon = await startFakeDaemon(t, { 'events.subscribe': refuse, 'vm.list': () => ({ vms: [] }) })
  const client: Client = await connectForNews(() => connect({ directory: daemon.directory, env: {}, access: 'control' }), () => t.fail('there is no news'))
  t.teardown(() => client.close())
  t.same(await client.call('vm.list', {}), { vms: [] })
})
