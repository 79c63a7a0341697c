import t from 'tap'
import { setTimeout as pause } from 'node:timers/promises'
import { stripVTControlCharacters } from 'node:util'
import { startFakeDaemon, type FakeRequest } from '../../fakes/daemon.ts'
import { makeVms } from '../../inputs/vms.ts'
import { aetherscaleFromSource, startOnPty } from '../pty.ts'

t.test('a screen reader is given plain lines, and nothing again that changes by itself', async (t) => {
  const vms = makeVms(3)
  const listeners = new Set<FakeRequest>()
  const { directory } = await startFakeDaemon(t, {
    'system.info': () => ({ version: '0', access: 'control', hostname: 'box', pid: 1, uid: 0, startedAt: '2026-03-01T12:00:00Z', serviceManager: 'embedded', folders: {}, vms: 3 }),
    'events.subscribe': (request) => (listeners.add(request), { kinds: [] }),
    'stats.subscribe': () => ({}),
    'vm.list': () => ({ vms }),
    'vm.get': ({ params }) => ({ ...vms.find(({ id }) => id === params['vm']), state: 'stopped' }),
  })
  const notify = (method: string, params: unknown): void => listeners.forEach((listener) => listener.notify(method, params))
  const screen = await startOnPty(t, [...aetherscaleFromSource, '--screen-reader'], { env: { AETHERSCALE_SOCKET_DIR: directory } })
  await screen.sees(/row 1 of 3: name vm-0000, id aaaaaaaa, state running[^]*\? lists the keys/)
  const before = screen.output().length
  for (let round = 1; round <= 5; round++) {
    notify('stats', { at: new Date().toISOString(), vms: [{ vm: 'aaaaaaaa', cpuSeconds: round, cpuPercent: round * 10, memoryBytes: round * 1e8 }] })
    notify('event', { kind: 'vm.state', at: new Date().toISOString(), vm: 'caaaaaaa', from: 'running', to: round % 2 ? 'stopped' : 'running' })
    await pause(400)
  }
  t.equal(stripVTControlCharacters(screen.output().slice(before)), '', 'neither by what VMs use, nor by the clock, nor by VMs in other rows')
  screen.write('j')
  await screen.sees(/row 2 of 3: name vm-0001/)
  screen.write('k')
  await screen.sees(/row 1 of 3: .*cpu 50%/)
  notify('event', { kind: 'vm.state', at: new Date().toISOString(), vm: 'aaaaaaaa', from: 'running', to: 'stopped' })
  await screen.sees(/row 1 of 3: .*state stopped/)
  t.notMatch(screen.output(), /\u001b\[\?1049h|\u001b\[[\d;]+m/, 'no alternate screen, no colours')
  screen.write('q')
  t.equal(await screen.ended, 0)
})
