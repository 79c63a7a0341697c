/**
 * A program: a daemon with many VMs, of which some change each second, for what is asked how fast it is.
 *
 *     node test/fakes/crowd.ts DIRECTORY COUNT CHANGES-PER-SECOND
 */
import { makeVms } from '../inputs/vms.ts'
import { startFakeDaemon, type FakeRequest } from './daemon.ts'

const [directory = '', count = '500', changes = '50'] = process.argv.slice(2)
const vms = makeVms(Number(count))
const byId = new Map(vms.map((vm) => [vm.id as string, vm]))
const listeners = new Set<FakeRequest>()
const looking = new WeakMap<object, NodeJS.Timeout>()
const cleanups: (() => unknown)[] = []

await startFakeDaemon({ teardown: (clean) => cleanups.push(clean) }, {
  'system.info': () => ({ version: '0', access: 'control', hostname: 'crowd', pid: process.pid, uid: 0, startedAt: new Date().toISOString(), serviceManager: 'embedded', folders: {}, vms: vms.length }),
  'events.subscribe': (request) => {
    listeners.add(request)
    request.socket.on('close', () => listeners.delete(request))
    return { kinds: [] }
  },
  'vm.list': () => ({ vms }),
  'vm.get': ({ params }) => byId.get(params['vm'] as string),
  'stats.subscribe': (request) => {
    const { vms: ids = [], everySeconds = 2 } = request.params as { vms?: string[]; everySeconds?: number }
    let round = 0
    const look = (): void => {
      if (request.socket.destroyed) return clearInterval(looking.get(request.socket))
      request.notify('stats', {
        at: new Date().toISOString(),
        vms: ids.map((vm, index) => ({ vm, cpuSeconds: round, cpuPercent: (index * 7 + round++) % 100, memoryBytes: 200_000_000 + index * 1_000_000 })),
      })
    }
    look()
    clearInterval(looking.get(request.socket))
    looking.set(request.socket, setInterval(look, everySeconds * 1000))
    return {}
  },
  'stats.unsubscribe': () => ({}),
}, { directory })

let next = 0
const each = Number(changes)
// in ten portions a second, as things happen on a host: not all at once
if (each > 0) {
  setInterval(() => {
    for (let i = 0; i < each / 10; i++) {
      const vm = vms[(next = (next + 7) % vms.length)]!
      const from = vm.state
      vm.state = from === 'running' ? 'stopped' : 'running'
      const event = { kind: 'vm.state', at: new Date().toISOString(), vm: vm.id, name: vm.name, from, to: vm.state }
      for (const listener of listeners) listener.notify('event', event)
    }
  }, 100)
}
process.on('SIGTERM', () => process.exit(0))
process.stdout.write('ready\n')
