import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { CLUSTER, COMPETING, COMPUTING, EVERY_HOST } from '../../../policy/broker/topology.ts'
import { FakeError, startFakeDaemon, type FakeAnswer } from '../../fakes/daemon.ts'
import { makeFolder } from '../../fakes/folder.ts'
import { lacksRabbit, startRabbit, type TestRabbit } from '../../inputs/rabbitmq.ts'
import { eventually } from '../../system/daemon.ts'
import { run, type Outcome } from '../command-process.ts'
import { generateHostKey } from '../../../tui/cluster/keys/host-key.ts'
import { acquainted, emptyHost, startRelay, type TestRelay } from './relays.ts'

const LIMIT = ['--within', '3']

const vm = (id: string, name: string) => ({ id, name, state: 'running', image: 'tiny', vcpus: 1, memoryMiB: 1024, agent: 'connected', addresses: [] })

/** A daemon with these VMs. */
function withVms(...vms: ReturnType<typeof vm>[]): Record<string, FakeAnswer> {
  const find = (ref: unknown) => vms.find(({ id, name }) => ref === id || ref === name)
  const notFound = (ref: unknown) => new FakeError(1001, `No VM "${String(ref)}"`, { name: 'VM_NOT_FOUND' })
  return {
    'vm.list': () => ({ vms }),
    'vm.get': ({ params }) => find(params['vm']) ?? notFound(params['vm']),
    'vm.stop': ({ params }) => (find(params['vm']) ? { vm: { ...find(params['vm']), state: 'stopped' }, endedBy: 'guest' } : notFound(params['vm'])),
    'network.create': ({ params }) => ({ name: params['name'] }),
    'system.info': () => ({ version: '0.0.0', hostname: 'a-host' }),
    'vpn.list': () => ({ vpns: vms.map(({ name }) => ({ name: `of-${name}`, peers: [], vms: [], tunnel: 'running', host: { name: 'site', addresses: [], port: 50_000 } })) }),
    'image.list': () => ({ images: [] }),
  }
}

/** Runs aetherscale on a machine whose daemon is this one's, with the broker's configuration beside it. */
async function openClient(t: Test, rabbit: Pick<TestRabbit, 'port'>, uid = process.getuid?.()): Promise<(args: readonly string[], input?: string) => Promise<Outcome>> {
  const config = join(makeFolder(t), 'config')
  mkdirSync(config)
  writeFileSync(join(config, 'broker.json'), JSON.stringify({ url: `amqp://127.0.0.1:${rabbit.port}`, password: 'guest', host: 'alpha' }))
  chmodSync(join(config, 'broker.json'), 0o600)
  const { socket } = await startFakeDaemon(t, { 'system.info': () => ({ uid, folders: { config } }) })
  return (args, input = '') => run(t, ['--socket', socket, ...args], { input })
}

t.test('what is pinned by command is what a host has printed', async (t) => {
  const [one, two] = [await openClient(t, { port: 1 }), await openClient(t, { port: 1 })]
  const key = await one(['host', 'key'])
  t.match(key, { status: 0, stdout: /^aetherscale-host 1 [A-Za-z0-9+/]{86}==\n$/, stderr: /^SHA256:/ })
  t.match(await one(['host', 'key']), { stdout: key.stdout }, 'it stays')
  t.match(await two(['host', 'trust', 'alpha', '-'], key.stdout), { status: 0, stdout: `alpha is trusted: ${key.stderr}` })
  t.match(await two(['host', 'trust', 'alpha', key.stdout.trim()]), { status: 0, stderr: '' })
  const other = await two(['host', 'key'])
  t.match(await two(['host', 'trust', 'alpha', other.stdout.trim()]), { status: 0, stderr: `in place of ${key.stderr}` })
  t.match(await two(['host', 'trust', 'alpha', 'ssh-ed25519 AAAA']), { status: 2, stderr: /KEY is no public key of a host/ })
  t.match(await two(['host', 'trust', '../x', other.stdout.trim()]), { status: 2, stderr: /NAME is/ })
  t.match(await two(['host', 'untrust', 'alpha']), { status: 0 })
  t.match(await two(['host', 'untrust', 'alpha']), { status: 5, stderr: /"alpha" is not pinned here/ })
})

t.test('keys are made and pinned by the daemon\'s user alone: the relay could not read what root makes', async (t) => {
  const run = await openClient(t, { port: 1 }, 4242)
  for (const words of [['key'], ['trust', 'b', generateHostKey().public.text], ['untrust', 'b']]) {
    t.match(await run(['host', ...words]), { status: 4, stdout: '', stderr: /keys in .* are those of the daemon's user\n.*sudo -u '#4242' aetherscale/ }, words[0]!)
  }
})

t.test('options that do not go together, and commands that do not go over the broker, are told before anybody is asked', async (t) => {
  const run = await openClient(t, { port: 1 })
  const cases: [string[], RegExp][] = [
    [['--cluster', '--host', 'a', 'vm', 'list'], /--cluster and --host exclude each other/],
    [['--cluster'], /--cluster and --host go with a command/],
    [['--within', '3', 'vm', 'list'], /--within goes with/],
    [['--cluster', 'vm', 'console', 'web'], /vm console does not go over the broker/],
    [['--host', 'a', 'events'], /events does not go over the broker/],
    [['--cluster', 'vm', 'exec', 'web', '--', 'true'], /vm exec does not go over the broker/],
    [['--cluster', 'network', 'create', 'lan'], /network create is for one host; say which: --host NAME/],
  ]
  for (const [args, stderr] of cases) t.match(await run(args), { status: 2, stderr, stdout: '' }, args.join(' '))
  t.match(await run(['--cluster', 'vm', 'list']), { status: 3, stderr: /RabbitMQ at 127.0.0.1:1: .*ECONNREFUSED/ })
})

if (lacksRabbit) t.pass(lacksRabbit, { skip: true })
else {
  t.test('commands over a real broker', async (t) => {
    const rabbit = await startRabbit(t)
    const run = await openClient(t, rabbit)
    for (const words of [['vm', 'list'], ['vm', 'create', 'tiny']]) t.match(await run(['--cluster', ...LIMIT, ...words]), { status: 3, stderr: /no host has ever joined this broker/ })
    await rabbit.connect().exchangeDeclare({ exchange: CLUSTER, type: 'direct', durable: true })
    t.match(await run(['--cluster', ...LIMIT, 'vm', 'list']), { status: 3, stderr: /no host is connected to the broker/ })

    await t.test('relays that are connected and silent are no empty cloud', async (t) => {
      const client = rabbit.connect()
      const channel = await client.acquire()
      const { queue } = await channel.queueDeclare({ exclusive: true })
      await channel.queueBind({ queue, exchange: CLUSTER, routingKey: EVERY_HOST })
      for (const words of [['--cluster', '--within', '1', 'vm', 'list'], ['--cluster', '--within', '1', 'vm', 'get', 'web'], ['host', 'list']]) {
        t.match(await run(words), { status: 7, stdout: '', stderr: /no host has answered within [12] s/ }, words.join(' '))
      }
      await channel.close()
    })

    const vms = { alpha: [vm('aaaaaaaa', 'web'), vm('aaaaaaab', 'twin')], beta: [vm('bbbbbbbb', 'db'), vm('bbbbbbbc', 'twin')], gamma: [] }
    const relays: TestRelay[] = []
    for (const [name, own] of Object.entries(vms)) {
      relays.push(await startRelay(t, rabbit, name, { answers: withVms(...own), facts: () => ({ ...emptyHost, vms: { used: own.length, limit: 10 } }), remote: name === 'gamma' ? 'observe' : 'control' }))
    }
    await acquainted(relays)

    await t.test('one table of all hosts', async (t) => {
      const listed = await run(['--cluster', 'vm', 'list'])
      t.match(listed, { status: 0, stderr: '' })
      t.same(
        listed.stdout.trimEnd().split('\n').map((line) => line.split(/ +/).slice(0, 3)),
        [['HOST', 'ID', 'NAME'], ['alpha', 'aaaaaaaa', 'web'], ['alpha', 'aaaaaaab', 'twin'], ['beta', 'bbbbbbbb', 'db'], ['beta', 'bbbbbbbc', 'twin']],
        listed.stdout,
      )
      t.match(await run(['--cluster', '-q', 'vm', 'list']), { stdout: 'aaaaaaaa\naaaaaaab\nbbbbbbbb\nbbbbbbbc\n' })
      const json = JSON.parse((await run(['--cluster', '--json', 'vm', 'list'])).stdout) as object
      t.match(json, { hosts: { alpha: { result: { vms: [{ id: 'aaaaaaaa' }, {}] } }, gamma: { result: { vms: [] } } }, missing: [] })
      const vpns = await run(['--cluster', 'vpn', 'list'])
      t.match(vpns, { status: 0, stdout: /^HOST .*\nalpha +of-web .*\nbeta +of-db /s }, 'whose a row is says the host that answers, not the row')
      t.match(await run(['--cluster', 'image', 'list']), { status: 0, stdout: '', stderr: /^no images; / })
      t.match(await run(['--cluster', 'info']), { status: 0, stdout: /alpha:\n {2}version: .*beta:/s })
    })

    await t.test('a VM is found, wherever it is', async (t) => {
      t.match(await run(['--cluster', 'vm', 'stop', 'db']), { status: 0, stdout: 'db (bbbbbbbb) is stopped; the guest powered down\n', stderr: 'on host beta\n' })
      t.notOk(relays[0]!.daemon.requests.some(({ method }) => method === 'vm.stop'))
      t.match(await run(['--cluster', 'vm', 'get', 'web']), { status: 0, stdout: /id: +aaaaaaaa/ })
      t.match(await run(['--cluster', 'vm', 'stop', 'twin']), { status: 6, stderr: /on the hosts alpha and beta\n.*--host NAME/ })
      t.match(await run(['--cluster', 'vm', 'stop', 'nobody']), { status: 5, stderr: /No host that answers has a VM "nobody"/ })
      t.match(await run(['--cluster', '--json', 'vm', 'stop', 'db']), { status: 0, stdout: /^\{"hosts":\{"beta":\{"result":/ })
      const several = await run(['--cluster', 'vm', 'stop', 'nobody', 'web'])
      t.match(several, { status: 5, stdout: /web \(aaaaaaaa\) is stopped/ })
    })

    await t.test('one host alone', async (t) => {
      t.match(await run(['--host', 'beta', '-q', 'vm', 'list']), { status: 0, stdout: 'bbbbbbbb\nbbbbbbbc\n' })
      t.match(await run(['--host', 'beta', 'vm', 'stop', 'twin']), { status: 0 })
      t.match(await run(['--host', 'beta', 'network', 'create', 'lan']), { status: 0 })
      t.match(await run(['--host', 'beta', 'vm', 'get', 'web']), { status: 5, stderr: /No VM "web"/ })
      t.match(await run(['--host', 'gamma', 'network', 'create', 'lan']), { status: 4, stderr: /lets the broker only observe/ })
      t.match(await run(['--host', 'delta', 'vm', 'list']), { status: 3, stderr: /host "delta" is not connected to the broker/ })
    })

    await t.test('hosts, with what they have', async (t) => {
      t.match(await run(['host', 'trust', 'beta', relays[1]!.key.public.text]), { status: 0 })
      t.match(await run(['host', 'trust', 'omega', relays[0]!.key.public.text]), { status: 0 })
      const { stdout, status } = await run(['host', 'list'])
      t.equal(status, 0)
      const rows = stdout.trimEnd().split('\n').map((line) => line.split(/ {2,}/))
      t.match(rows, [
        ['HOST', 'TAKES', 'VMS', 'MEMORY', 'DISK', 'AGE', 'TRUST', 'KEY'],
        ['alpha', 'yes', '2/10', '0 B/4 GiB', '0 B/10 GiB', '0s', 'self', relays[0]!.key.public.fingerprint],
        ['beta', 'yes', '2/10', '0 B/4 GiB', '0 B/10 GiB', '0s', 'pinned', relays[1]!.key.public.fingerprint],
        ['gamma', 'yes', '0/10', '0 B/4 GiB', '0 B/10 GiB', '0s', 'unknown', relays[2]!.key.public.fingerprint],
        ['omega', '-', '-', '-', '-', 'not heard', 'pinned', /^SHA256:/],
      ])
    })

    await t.test('a host that does not answer is named', async (t) => {
      relays[2]!.vanish()
      const listed = await run(['--cluster', '--within', '2', 'vm', 'list'])
      t.match(listed, { status: 7, stdout: /bbbbbbbb/, stderr: 'aetherscale: no answer from gamma, omega\n' }, 'whom this host has pinned is known as well')
      const json = await run(['--cluster', '--within', '2', '--json', 'vm', 'list'])
      t.match(json.status, 7)
      t.match(JSON.parse(json.stdout), { missing: ['gamma', 'omega'] })
      const stops = (): number => relays[0]!.daemon.requests.filter(({ method }) => method === 'vm.stop').length
      const before = stops()
      t.match(await run(['--cluster', '--within', '2', 'vm', 'stop', 'web']), { status: 7, stderr: /on host alpha, and perhaps another one on gamma or omega: no answer\n.*--host NAME/ })
      t.equal(stops(), before, 'it may have been the other one that was meant')
      t.match(await run(['--cluster', '--within', '2', 'vm', 'get', 'web']), { status: 0 })
      t.match(await run(['--cluster', '--within', '2', 'vm', 'stop', 'aaaaaaaa']), { status: 0 }, 'an id is of one alone')
    })

    await t.test('a create whose answer is lost with the connection can be asked for again', async (t) => {
      const client = rabbit.connect()
      await client.exchangeDeclare({ exchange: COMPUTING, type: 'direct', durable: true })
      await client.queueDeclare({ queue: COMPETING })
      await client.queueBind({ exchange: COMPUTING, routingKey: 'create-vm', queue: COMPETING })
      const creating = run(['--cluster', 'vm', 'create', 'tiny'])
      await eventually(async () => (await client.queueDeclare({ queue: COMPETING, passive: true })).messageCount === 1, () => 'it is not asked')
      const message = await client.basicGet({ queue: COMPETING })
      await rabbit.kill()
      t.match(await creating, { status: 3, stderr: new RegExp(`may have made the VM all the same; .*--request-id ${message?.messageId}`) })
    })
  })
}
