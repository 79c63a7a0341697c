/** What doctor says on a machine as it comes, and that each remedy mends what it stands beside. */
import { join } from 'node:path'
import { build } from 'esbuild'
import t, { type Test } from 'tap'
import { programs } from '../../.build/programs.ts'
import type { Check } from '../../policy/api/system.ts'
import { makeFolder } from '../fakes/folder.ts'
import { lacksBoxes, openBox, type Box } from './box.ts'
import { findNode } from './helper-box.ts'

const root = join(import.meta.dirname, '..', '..')
const daemonJson = { controlGroup: 'builders', sockets: '/run/aetherscale', serviceManager: 'auto' }
/** sudo(8) as far as remedies use it. */
const SUDO = `#!/bin/sh
[ "$1" = -u ] || exec "$@"
user=$2; shift 2
exec setpriv --reuid="$user" --regid="$user" --init-groups env XDG_RUNTIME_DIR="/run/user/$(id -u "$user")" "$@"
`

/** The daemon's program on a machine with a user `ann` who has never logged in. */
async function openMachine(t: Test): Promise<{ box: Box; doctor: () => (subject: string) => Check | undefined; mend: (subject: string) => void }> {
  const box = openBox(t, `doctor-${process.pid}`, { nspawn: ['--bind=/dev/net/tun'] })
  const scratch = makeFolder(t)
  const { entryPoints: _entry, ...options } = programs.find(({ name }) => name === 'aetherscaled')?.options ?? {}
  await build({ ...options, entryPoints: [join(root, 'daemon', 'main.ts')], outfile: join(scratch, 'aetherscaled.js') })
  box.sh('mkdir -p /usr/lib/aetherscale/node_modules && useradd --create-home ann')
  box.put('/usr/lib/aetherscale', findNode(), join(scratch, 'aetherscaled.js'))
  box.put('/usr/lib/aetherscale/node_modules', join(root, 'node_modules', 'koffi'), join(root, 'node_modules', '@koromix'))
  box.sh(`cat >/usr/local/bin/sudo <<'END'\n${SUDO}END\nchmod 755 /usr/local/bin/sudo`)
  const doctor = (): ((subject: string) => Check | undefined) => {
    const { stdout, stderr } = box.as('ann', ['/usr/lib/aetherscale/node', '/usr/lib/aetherscale/aetherscaled.js', '--doctor', '--json'])
    if (stdout === '') throw new Error(stderr)
    const { checks } = JSON.parse(stdout) as { checks: Check[] }
    return (subject) => checks.find((check) => check.subject === subject)
  }
  return {
    box,
    doctor,
    mend(subject) {
      const remedy = doctor()(subject)?.remedy
      if (remedy === undefined) throw new Error(`nothing mends ${subject}`)
      box.sh(remedy)
    },
  }
}

t.test('on a fresh machine each remedy mends what it stands beside', { skip: lacksBoxes() }, async (t) => {
  const { box, doctor, mend } = await openMachine(t)
  const status = (subject: string): string | undefined => doctor()(subject)?.status

  const fresh = doctor()
  t.match(fresh('lingering'), { status: 'degraded', remedy: 'sudo loginctl enable-linger ann' })
  mend('lingering')
  await box.until('cat /run/user/$(id -u ann)/systemd/private 2>&1 | cat', (answer) => !answer.includes('No such file'))
  for (const subject of ['lingering', 'XDG_RUNTIME_DIR', 'user manager']) t.match(doctor()(subject), { status: 'ok' }, subject)
  // A container is given no controllers that it could delegate, or all of them.
  t.match(doctor()('control groups'), { detail: /delegated|do not hold/ })
  box.sh('chmod 750 /run/user/$(id -u ann)')
  t.equal(status('XDG_RUNTIME_DIR'), 'degraded')
  mend('XDG_RUNTIME_DIR')
  t.equal(status('XDG_RUNTIME_DIR'), 'ok')

  box.sh(`install -d -o ann -g ann /home/ann/.config /home/ann/.config/aetherscale /run/aetherscale
    echo '${JSON.stringify(daemonJson)}' >/home/ann/.config/aetherscale/daemon.json`)
  t.match(doctor()('control group'), { status: 'missing', detail: 'there is no group builders' })
  mend('control group')
  t.match(doctor()('control group'), { status: 'missing', detail: /ann is not in the group builders/ })
  mend('control group')
  t.match(doctor()('control group'), { status: 'ok', detail: /: ann$/ })
  mend('disks folder')
  t.match(doctor()('disks folder'), { status: 'ok' })
  t.equal(box.sh('stat -c %U /home/ann/.local/share/aetherscale/disks'), 'ann')

  box.sh(`systemd-run --quiet --unit=daemon --uid=ann --setenv=HOME=/home/ann --setenv=XDG_RUNTIME_DIR=/run/user/$(id -u ann) \
    /usr/lib/aetherscale/node /usr/lib/aetherscale/aetherscaled.js`)
  await box.until('test -S /run/aetherscale/observe.sock && echo yes || journalctl -u daemon --no-pager', (answer) => answer === 'yes')
  t.match(doctor()('control.sock'), { status: 'ok' })
  box.sh('chmod 600 /run/aetherscale/control.sock; chgrp ann /run/aetherscale/control.sock; chmod 700 /run/aetherscale')
  t.match(doctor()('control.sock'), { status: 'degraded', detail: /should be 0660 with group builders/ })
  mend('control.sock')
  t.match(doctor()('control.sock'), { status: 'degraded', detail: /may not search/ })
  mend('control.sock')
  t.match(doctor()('control.sock'), { status: 'ok' })

  box.sh('sudo -u ann mkdir -p /home/ann/.config/systemd/user /run/user/$(id -u ann)/aetherscale/vm/gonegone; sudo -u ann touch /home/ann/.local/share/aetherscale/disks/gonegone.qcow2')
  box.sh(`ip tuntap add dev aetx mode tap user ann && ip link set dev aetx alias "aetherscale:$(id -u ann):tap:gonegone.0"`)
  for (const subject of ['disk of gonegone', 'runtime folder of gonegone', 'tap aetx']) {
    t.match(doctor()(subject), { status: 'degraded' }, subject)
    mend(subject)
  }
  const unit = 'aetherscale-vm-gonegone.service'
  box.sh(`sudo -u ann tee /home/ann/.config/systemd/user/${unit} >/dev/null <<'END'
[X-Aetherscale]
Record=/home/ann/.config/aetherscale/vm/gonegone/vm.json
[Service]
ExecStart=sleep infinity
[Install]
WantedBy=default.target
END
    systemctl --user -M ann@ enable --now ${unit}`)
  t.match(doctor()(`unit ${unit}`), { status: 'degraded' })
  mend(`unit ${unit}`)
  t.equal(box.sh(`systemctl --user -M ann@ is-active ${unit} || true`), 'inactive')
  t.match(doctor()('leftovers'), { status: 'ok' })
})
