/** A relay in this process, beside a daemon with scripted answers that keeps count of its VMs. */
import { pino } from 'pino'
import { BrokerConfig } from '../../../policy/broker/config.ts'
import { connect } from '../../../tui/client.ts'
import type { BrokerSettings } from '../../../tui/broker/settings.ts'
import { startRelay, type Relay } from '../../../tui/broker/start.ts'
import { FakeError, startFakeDaemon, type FakeAnswer } from '../../fakes/daemon.ts'
import { makeFolder } from '../../fakes/folder.ts'
import { makeImage } from '../../inputs/images.ts'
import type { TestRabbit } from '../../inputs/rabbitmq.ts'
import { makeVm } from '../../inputs/vms.ts'
import { eventually } from '../../system/daemon.ts'

interface Teardown {
  teardown(clean: () => unknown): void
}

export interface FakeHost {
  readonly relay: Relay
  /** The requestId of each VM that was made. */
  readonly made: readonly string[]
  log(): string
  logs(text: string): Promise<void>
}

export interface FakeHostOptions {
  readonly images?: readonly string[]
  readonly config?: object
  readonly settings?: Partial<BrokerSettings>
  readonly answers?: Readonly<Record<string, FakeAnswer>>
}

let count = 0

export async function startFakeHost(t: Teardown, rabbit: Pick<TestRabbit, 'port'>, host: string, options: FakeHostOptions = {}): Promise<FakeHost> {
  const { images = ['small'] } = options
  const made: string[] = []
  const vms: ReturnType<typeof makeVm>[] = []
  const daemon = await startFakeDaemon(t, {
    'system.info': () => ({ folders: { disks: '/', config: '/' } }),
    'image.list': () => ({ images: images.map((name) => makeImage(name, { virtualSizeMiB: 8 })) }),
    'network.list': () => ({ networks: [] }),
    'vpn.list': () => ({ vpns: [] }),
    'vm.list': () => ({ vms }),
    'vm.get': ({ params }) => vms.find(({ id }) => id === params['vm']) ?? new FakeError(1001, `There is no VM "${String(params['vm'])}"`, { name: 'VM_NOT_FOUND' }),
    'vm.set': ({ params }) => vms.find(({ id }) => id === params['vm']),
    'vm.stop': ({ params }) => ({ vm: vms.find(({ id }) => id === params['vm']), endedBy: 'sigterm' }),
    'vm.create': ({ params }) => {
      const request = String(params['requestId'])
      const known = made.indexOf(request)
      if (known >= 0) return vms[known]
      made.push(request)
      vms.push(makeVm(++count, { memoryMiB: 32, diskMiB: 8 }))
      return vms.at(-1)
    },
    ...options.answers,
  })
  let log = ''
  const settings: BrokerSettings = {
    config: BrokerConfig.parse({ legacy: { memoryMiB: 32 }, ...options.config }),
    host,
    address: { hostname: '127.0.0.1', port: rabbit.port, vhost: '/' },
    username: 'guest',
    password: 'guest',
    ...options.settings,
  }
  const relay = startRelay({
    settings,
    folder: makeFolder(t),
    connectDaemon: () => connect({ directory: daemon.directory, env: {}, access: 'control' }),
    log: pino({ level: 'debug', base: null }, { write: (line: string) => void (log += line) }),
  })
  t.teardown(() => relay.leave())
  return {
    relay,
    made,
    log: () => log,
    logs: (text) => eventually(() => log.includes(text), () => `${host} does not log "${text}":\n${log}`),
  }
}
