import t from 'tap'
import { startFakeDaemon } from '../../../fakes/daemon.ts'
import { run } from '../../command-process.ts'

const event = { kind: 'vm.state', at: '2026-01-02T03:04:05.678Z', vm: 'adbvzwdf', name: 'web', from: 'starting', to: 'running' }

t.test('each event is a line, until the daemon says why it ends', async (t) => {
  const daemon = await startFakeDaemon(t, {
    'events.subscribe': ({ notify, socket }) => {
      setImmediate(() => {
        notify('event', event)
        notify('disconnect', { name: 'SHUTTING_DOWN', message: 'the daemon stops' })
        socket.end()
      })
      return { kinds: [] }
    },
  })
  const people = await run(t, ['--socket', daemon.socket, 'events', '--kind', 'vm.state'])
  t.equal(people.stdout, '2026-01-02T03:04:05.678Z  vm.state  web (adbvzwdf)  starting -> running\n')
  t.strictSame([people.status, people.stderr], [3, 'aetherscale: disconnected: the daemon stops\n'])
  t.strictSame(daemon.requests[0]?.params, { kinds: ['vm.state'] })
  t.equal((await run(t, ['--socket', daemon.socket, 'events', '--json'])).stdout, `${JSON.stringify(event)}\n`)
})
