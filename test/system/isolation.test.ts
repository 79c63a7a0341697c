import { join } from 'node:path'
import t from 'tap'
import { bundleForBox } from './box-program.ts'
import { lacksHosts, startHost, type Host } from './host-box.ts'
import { unitOf } from './tenant.ts'

t.setTimeout(600_000)
const skip = lacksHosts()

interface Attempt {
  readonly what: string
  readonly target: string
  readonly outcome: string
}

interface Seen {
  readonly pid: number
  readonly capabilities: string
  readonly noNewPrivs: string
  readonly seccomp: string
  readonly root: readonly string[]
  readonly etc: readonly string[]
}

const startDaemon = 'systemctl --user enable --now aetherscaled; until aetherscale info >/dev/null 2>&1; do sleep 0.1; done'
const json = <T>(host: Host, line: string): T => JSON.parse(host.shAs('alice', `aetherscale --json ${line}`)) as T

/** What the probe reports from within the unit of a VM, or, for comparison, from a unit of the same user without a sandbox. */
async function probe(host: Host, vm: { id: string }, targets: object, isInside: boolean): Promise<{ attempts: Attempt[]; seen: Seen }> {
  const node = '/usr/lib/aetherscale/node'
  const words = [node, '/usr/local/lib/probe.mjs', `'${JSON.stringify(targets)}'`].join(' ')
  const log = `/home/alice/.local/state/aetherscale/vm/${vm.id}/qemu.log`
  if (isInside) {
    const quoted = JSON.stringify(JSON.stringify(targets))
    host.shAs('alice', `
      aetherscale vm stop --force ${vm.id}
      mkdir -p ~/.config/systemd/user/${unitOf(vm)}.d
      cat >~/.config/systemd/user/${unitOf(vm)}.d/probe.conf <<'END'
[Service]
Type=oneshot
ExecStart=
ExecStart=/usr/bin/unshare --user --map-current-user --pid --ipc --fork -- ${node} /usr/local/lib/probe.mjs ${quoted}
ExecStop=
Restart=no
END
      : >${log}
      systemctl --user daemon-reload
      systemctl --user start ${unitOf(vm)}`)
  } else host.shAs('alice', `systemd-run --user --quiet --wait --collect --property=StandardOutput=truncate:${log} ${words}`)
  const lines = host.shAs('alice', `cat ${log}`).split('\n').map((line) => JSON.parse(line) as Attempt | Seen)
  return { attempts: lines.filter((line) => 'outcome' in line), seen: lines.at(-1) as Seen }
}

t.test('from inside a VM\'s unit nothing is reached but what is the VM\'s', { skip }, async (t) => {
  const host = await startHost(t, 'isolation')
  const image = await host.putTinyImage()
  const uid = host.addUser('alice')
  host.put('/usr/local/lib', await bundleForBox(join(import.meta.dirname, 'isolation', 'probe.ts'), t.testdir()))
  host.sh(`systemd-sysusers; systemctl enable --now aetherscale-net@${uid}.socket; install -d -o alice /srv/shared; echo x >/srv/shared/file`)
  host.shAs('alice', startDaemon)
  host.shAs('alice', `echo secret >~/secret; aetherscale image import ${image} --name tiny`)
  const other = json<{ id: string; pid: number }>(host, 'vm create tiny --name other --memory 64M')
  const mine = json<{ id: string; pid: number; unit: object }>(host, 'vm create tiny --name mine --memory 64M')
  const tapOnly = json<{ id: string }>(host, `rpc vm.create '{"image":"tiny","name":"silent","memoryMiB":64,"networks":[],"start":false}'`)
  t.match(mine.unit, { state: 'generated', isolated: true })

  const daemonPid = Number(host.shAs('alice', 'systemctl --user show --value --property=MainPID aetherscaled'))
  const data = '/home/alice/.local/share/aetherscale'
  const runtime = `/run/user/${uid}`
  const targets = {
    read: ['/home/', '/home/alice/', '/home/alice/secret', `${data}/disks/${other.id}.qcow2`, `/home/alice/.config/aetherscale/vm/${mine.id}/vm.json`, '/srv/shared/file', '/etc/passwd', '/tmp/', '/var/', '/sys/', '/root/'],
    write: [`${data}/images/tiny.qcow2`, '/usr/bin/env'],
    own: ['console.log', 'qemu.log'].map((name) => `/home/alice/.local/state/aetherscale/vm/${mine.id}/${name}`),
    sockets: [
      `/run/aetherscale-net/${uid}.sock`,
      `${runtime}/aetherscale/control.sock`,
      `${runtime}/aetherscale/observe.sock`,
      `${runtime}/aetherscale/vm/${other.id}/qmp.sock`,
      `${runtime}/aetherscale/vm/${other.id}/shutdown.sock`,
      `${runtime}/bus`,
      `${runtime}/systemd/private`,
      '/run/dbus/system_bus_socket',
    ],
    pids: [daemonPid, other.pid],
  }

  // the log that the probe itself prints to is not to be replaced in earnest
  const outside = await probe(host, mine, { ...targets, own: targets.own.slice(0, 1) }, false)
  const open = outside.attempts.filter(({ outcome }) => outcome === 'possible').map(({ target }) => target)
  for (const target of [...targets.own.slice(0, 1), '/home/alice/secret', `${data}/disks/${other.id}.qcow2`, `/run/aetherscale-net/${uid}.sock`, `${runtime}/aetherscale/control.sock`, String(daemonPid), '/proc/PID/environ']) {
    t.ok(open.includes(target), `without the unit's sandbox ${target} is reached, so the probe can tell`)
  }

  const { attempts, seen } = await probe(host, mine, targets, true)
  t.equal(attempts.length, outside.attempts.length + 1)
  t.comment(attempts.map(({ what, target, outcome }) => `${what.padEnd(8)} ${outcome.padEnd(9)} ${target}`).join('\n'))
  t.same(
    attempts.filter(({ outcome }) => outcome === 'possible').map(({ what, target }) => `${what} ${target}`),
    // the folders on the way to what is the VM's, which hold nothing else; and the network that it has
    ['read /home/', 'read /home/alice/', 'listen 127.0.0.1'],
  )
  t.equal(seen.pid, 1, 'in a process namespace of its own')
  t.match(seen.capabilities, /^0+$/)
  t.match(seen, { noNewPrivs: '1', seccomp: '2' })
  t.same(seen.etc, ['ld.so.cache', 'resolv.conf'])

  host.shAs('alice', 'aetherscale vm start silent')
  const silent = await probe(host, tapOnly, targets, true)
  t.match(silent.attempts.find(({ what }) => what === 'listen'), { outcome: 'EAFNOSUPPORT' }, 'without a user network there are no internet sockets')

  t.comment(host.shAs('alice', `systemd-analyze --user security --offline=true ~/.config/systemd/user/${unitOf(mine)} | tail -n 1`))
})

t.test('where plain users may make no user namespaces, the unit is without the sandbox, and everybody is told', { skip }, async (t) => {
  const host = await startHost(t, 'no-userns')
  const image = await host.putTinyImage()
  // The user's manager and all below it. (The kernel's own switches, such as user.max_user_namespaces, are the whole machine's.)
  host.sh(`
    mkdir -p /etc/systemd/system/user@.service.d
    printf '[Service]\\nRestrictNamespaces=~user\\n' >/etc/systemd/system/user@.service.d/no-userns.conf
    systemctl daemon-reload`)
  host.addUser('alice')
  host.shAs('alice', startDaemon)
  host.shAs('alice', `aetherscale image import ${image} --name tiny`)
  const vm = json<{ unit: { path: string }; state: string }>(host, 'vm create tiny --memory 64M')
  t.match(vm, { state: 'running', unit: { state: 'generated', isolated: false } })
  t.match(host.shAs('alice', `cat ${vm.unit.path}`), /cannot keep QEMU apart/)
  const { stdout } = host.as('alice', ['aetherscale', '--json', 'doctor'])
  const { checks } = JSON.parse(stdout) as { checks: { subject: string; status: string; detail: string }[] }
  t.match(checks.find(({ subject }) => subject === 'isolation of VMs'), { status: 'degraded', detail: /sandbox/ })
})
