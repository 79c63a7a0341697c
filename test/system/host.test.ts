/** A host as an admin sets it up: the package, one command, and everybody who is allowed to at the daemon's sockets. */
import t from 'tap'
import type { Check } from '../../policy/api/system.ts'
import type { Vm } from '../../policy/api/vm.ts'
import { lacksHosts, startHost } from './host-box.ts'

t.setTimeout(600_000)

/** A bridge of the admin's own, there at each boot. */
const BRIDGE_UNIT = `[Unit]
Description=a bridge
Before=network.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/ip link add br0 address 02:00:00:00:00:01 type bridge
ExecStart=/usr/sbin/ip link set br0 up
ExecStart=/usr/sbin/sysctl -q net.ipv6.conf.br0.accept_ra=0
[Install]
WantedBy=multi-user.target
`

t.test('a host that was set up', { skip: lacksHosts() }, async (t) => {
  const host = await startHost(t, 't-host')
  const image = await host.putTinyImage()
  for (const name of ['alice', 'olga', 'mallory']) host.sh(`useradd --create-home ${name}`)
  host.sh(`cat >/etc/systemd/system/bridge.service <<'END'\n${BRIDGE_UNIT}END\nsystemctl enable --now bridge.service`)
  host.sh('aetherscale setup --yes --bridge br0 --prefix fd5e:a1ce::/48 --member alice --observer olga')
  const cli = (user: string, ...words: string[]): ReturnType<typeof host.as> => host.as(user, ['aetherscale', ...words])
  const json = <T>(user: string, ...words: string[]): T => {
    const { status, stdout, stderr } = cli(user, '--json', ...words)
    if (status !== 0) throw new Error(`${words.join(' ')}: ${stderr}`)
    return JSON.parse(stdout) as T
  }
  /** Once more with nothing of ours but the wire. */
  const socat = (user: string, socket: string, method: string, params: object): { result?: Record<string, unknown>; error?: { data: { name: string } } } => {
    const { stdout } = host.as(user, ['socat', '-t', '60', '-', `UNIX-CONNECT:/run/aetherscale/${socket}`], `${JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })}\n`)
    return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as ReturnType<typeof socat>
  }
  /** The bridges that a VM's taps are ports of, by interface. */
  const attached = (id: string): (string | undefined)[] => {
    const links = JSON.parse(host.sh('ip -json link show type tun') || '[]') as { ifalias?: string; master?: string; flags: string[] }[]
    const taps = links.filter(({ ifalias }) => ifalias?.includes(`:tap:${id}.`)).sort((a, b) => (a.ifalias! < b.ifalias! ? -1 : 1))
    return taps.map(({ master, flags }) => (flags.includes('LOWER_UP') ? master : 'not held by anybody'))
  }
  let vm!: Vm
  let bridges!: (string | undefined)[]

  await t.test('a member makes a VM on the admin\'s bridge and on a private network', async (t) => {
    json('alice', 'image', 'import', image, '--name', 'tiny')
    host.sh("echo 'echo set up' >/srv/init.sh")
    const { bridge } = json<{ bridge: string }>('alice', 'network', 'create', 'lan', '--prefix', 'fd5e:a1ce:0:1::/64')
    vm = json<Vm>('alice', 'vm', 'create', 'tiny', '--name', 'web', '--memory', '96M', '--autostart', '--init-script', '/srv/init.sh', '--network', 'bridge,bridge=br0', '--network', 'network,name=lan')
    bridges = ['br0', bridge]
    t.match(vm, { state: 'running', unit: { state: 'generated', isolated: true } })
    t.same(attached(vm.id), bridges)
    t.equal(host.sh(`stat -c %U /proc/${vm.pid}`), 'aetherscale')
  })

  await t.test('so does socat', async (t) => {
    const { result } = socat('alice', 'control.sock', 'vm.create', { image: 'tiny', memoryMiB: 64, networks: [{ kind: 'bridge', bridge: 'br0' }] })
    t.match(result, { state: 'running' })
    t.same(attached(String(result?.['id'])), ['br0'])
    t.match(socat('alice', 'control.sock', 'vm.delete', { vm: result?.['id'] }), { result: { id: result?.['id'] } })
    t.same(attached(String(result?.['id'])), [])
  })

  await t.test('who is no member is refused, and told of the group', async (t) => {
    for (const words of [['vm', 'list'], ['vm', 'stop', 'web']]) t.match(cli('mallory', ...words), { status: 4, stdout: '', stderr: /group aetherscale/ }, words.join(' '))
    for (const socket of ['control.sock', 'observe.sock']) {
      t.match(host.as('mallory', ['socat', '-u', 'OPEN:/dev/null', `UNIX-CONNECT:/run/aetherscale/${socket}`]), { status: 1, stderr: /Permission denied/ })
    }
  })

  await t.test('an observer sees the same and changes nothing', async (t) => {
    t.match(json('olga', 'vm', 'list'), { vms: [{ id: vm.id }] })
    t.match(cli('olga', 'vm', 'stop', 'web'), { status: 4 })
    t.match(socat('olga', 'observe.sock', 'vm.list', {}), { result: { vms: [{ id: vm.id }] } })
    t.match(socat('olga', 'observe.sock', 'vm.create', { image: 'tiny' }), { error: { data: { name: 'ACCESS_DENIED' } } })
    t.match(host.as('olga', ['socat', '-u', 'OPEN:/dev/null', 'UNIX-CONNECT:/run/aetherscale/control.sock']), { status: 1, stderr: /Permission denied/ })
    t.match(json('alice', 'vm', 'get', 'web'), { state: 'running', pid: vm.pid })
  })

  await t.test('doctor misses nothing', async (t) => {
    const { checks } = JSON.parse(cli('alice', '--json', 'doctor').stdout) as { checks: Check[] }
    t.ok(checks.length > 20)
    t.same(checks.filter(({ status }) => status === 'missing'), [])
    // what a box has not, and a machine has
    const unrelated = ['accelerator', 'control groups', 'guestfish', 'xz']
    t.same(checks.filter(({ subject, status }) => status !== 'ok' && !unrelated.includes(subject)), [])
  })

  await t.test('after a boot all of it is back', async (t) => {
    json('alice', 'vm', 'wait', 'web', '--for', 'agent', '--timeout', '240')
    t.match(json('alice', 'vm', 'wait', 'web', '--for', 'init', '--timeout', '240'), { firstBoot: { state: 'done', exitCode: 0 } })
    t.match(json('olga', 'vm', 'init-log', 'web'), { text: /\nset up\n/ })
    host.reboot()
    await host.until('runuser -u alice -- aetherscale --json vm get web 2>/dev/null || true', (text) => text.includes('"confirmed":true'))
    const back = json<Vm>('alice', 'vm', 'get', 'web')
    t.match(back, { state: 'running', unit: { state: 'generated' }, firstBoot: { state: 'done' } })
    t.same(attached(vm.id), bridges)
    t.equal(host.sh('systemctl --failed --no-legend --plain'), '')
    t.match(cli('mallory', 'vm', 'list'), { status: 4 })
    json('alice', 'vm', 'delete', 'web')
    t.same(attached(vm.id), [])
  })
})
