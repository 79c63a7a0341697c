/** Three hosts on one broker, all of it real: daemons, relays, RabbitMQ, and QEMU with nothing to boot. */
import t from 'tap'
import { lacksRabbit, startRabbit } from '../inputs/rabbitmq.ts'
import { run } from '../tui/command-process.ts'
import { eventually, startTestDaemon, type TestDaemon } from './daemon.ts'
import { makeEmptyImage, startTestRelay, type TestRelay } from './relay.ts'

const NAMES = ['alpha', 'beta', 'gamma'] as const
/** Of each host, so that three VMs are on three hosts. */
const CONFIG = { limits: { vms: 1 }, remote: 'control' }

interface VmRow {
  readonly id: string
  readonly name?: string
}
interface Answers {
  readonly hosts: Readonly<Record<string, { readonly result: { readonly vms: readonly VmRow[] } }>>
  readonly missing: readonly string[]
}

t.test('three hosts are one', { skip: lacksRabbit }, async (t) => {
  const rabbit = await startRabbit(t)
  const daemons: TestDaemon[] = []
  const relays: TestRelay[] = []
  for (const name of NAMES) {
    const daemon = await startTestDaemon(t)
    makeEmptyImage(daemon, 'small')
    daemons.push(daemon)
    relays.push(await startTestRelay(t, daemon, rabbit, name, CONFIG))
  }
  const type = async (...args: string[]) => {
    t.comment(`$ aetherscale ${args.join(' ')}`)
    const outcome = await run(t, ['--socket-dir', daemons[0]!.sockets, ...args])
    for (const line of `${outcome.stdout}${outcome.stderr}`.trimEnd().split('\n')) t.comment(line)
    return outcome
  }
  const list = async (): Promise<Answers> => JSON.parse((await type('--cluster', '--json', 'vm', 'list')).stdout) as Answers

  await eventually(async () => (await list()).missing.length === 0 && Object.keys((await list()).hosts).length === 3, 'all three answer')

  await t.test('VMs are made where there is room, each on one host', async (t) => {
    for (const name of ['one', 'two', 'three']) {
      const made = await type('--cluster', 'vm', 'create', 'small', '--name', name, '--memory', '32')
      t.match(made, { status: 0, stdout: new RegExp(`name: +${name}`), stderr: /on host (alpha|beta|gamma)/ })
    }
    const { hosts } = await list()
    t.same(Object.values(hosts).map(({ result }) => result.vms.length), [1, 1, 1])
    const names = Object.values(hosts).flatMap(({ result }) => result.vms.map((vm) => vm.name ?? ''))
    t.same(names.sort(), ['one', 'three', 'two'])
    const fourth = await type('--cluster', '--within', '3', 'vm', 'create', 'small', '--memory', '32')
    t.match(fourth, { status: 1, stderr: /VMs, of 1 at the most|no host/i })
  })

  await t.test('the same request made again is the same VM', async (t) => {
    t.match(await type('--cluster', 'vm', 'delete', 'two'), { status: 0, stdout: /is deleted/ })
    const create = ['--cluster', '--json', 'vm', 'create', 'small', '--memory', '32', '--request-id', 'once']
    // All hosts are full by then, and take nothing new.
    const [first, second] = [await type(...create), await type(...create, '--within', '3')]
    t.equal(first.status, 0)
    t.same(JSON.parse(second.stdout), JSON.parse(first.stdout))
  })

  await t.test('hosts tell what they have', async (t) => {
    const { hosts } = JSON.parse((await type('--json', 'host', 'list')).stdout) as { hosts: unknown }
    t.match(hosts, NAMES.map((host) => ({ host, connected: true, trust: host === 'alpha' ? 'self' : 'unknown', vms: { used: 1, limit: 1 }, images: ['small'], takes: false, why: /full/ })))
    await type('host', 'list')
  })

  await t.test('a host that has been killed is named, and is there again when its relay is', async (t) => {
    await relays[2]!.kill()
    const listed = await type('--cluster', 'vm', 'list')
    t.match(listed, { status: 7, stderr: /no answer from gamma/ })
    t.notMatch(listed.stdout, 'gamma')
    await relays[2]!.start()
    await eventually(async () => Object.keys((await list()).hosts).length === 3, 'gamma answers again')
  })

  t.equal(await relays[0]!.stop(), 0)
  t.notMatch(relays.map((relay) => relay.log()).join(''), /"level":50/)
})
