import t from 'tap'
import { makeVms } from '../../inputs/vms.ts'
import { startFakeDaemon } from '../../fakes/daemon.ts'
import { aetherscaleFromSource, startOnPty } from '../pty.ts'

t.test('a mouse whose reports were left on presses no keys', async (t) => {
  const { socket } = await startFakeDaemon(t, {
    'system.info': () => ({ version: '0', access: 'control', hostname: 'box', pid: 1, uid: 0, startedAt: '2026-03-01T12:00:00Z', serviceManager: 'embedded', folders: {}, vms: 3 }),
    'events.subscribe': () => ({ kinds: [] }),
    'stats.subscribe': () => ({}),
    'vm.list': () => ({ vms: makeVms(3) }),
  })
  const screen = await startOnPty(t, ['sh', '-c', 'printf "\\033[?1003hon"; exec "$@"', 'sh', ...aetherscaleFromSource, '--socket', socket])
  await screen.sees(/^ aetherscale/m)
  t.match(screen.output(), '\u001b[?1003hon')
  t.equal(screen.terminal.modes.mouseTrackingMode, 'none')
  screen.write('q')
  t.equal(await screen.ended, 0)
})
