/** What installing, upgrading, removing and purging the package do to a fresh Debian machine. */
import t from 'tap'
import manifest from '../../package.json' with { type: 'json' }
import { lacksHosts, openHost, type Host } from './host-box.ts'
import { ensureRelease } from './release.ts'

const LATER = '99.0.0'
const skip = lacksHosts()

t.test('on a fresh machine', { skip }, async (t) => {
  const { deb } = await ensureRelease()
  const host = openHost(t, `p-package-${process.pid}`)
  const before = { files: listFiles(host), users: host.sh('getent passwd; getent group') }

  await t.test('it installs without Node, and sets nothing up', async (t) => {
    t.throws(() => host.sh('command -v node || command -v npm'))
    host.install(deb)
    t.equal(host.sh('aetherscale --version'), `aetherscale ${manifest.version}`)
    t.equal(host.sh('aetherscaled --version'), manifest.version)
    t.match(host.sh('mkdir -m 700 /run/user/0; XDG_RUNTIME_DIR=/run aetherscaled --doctor || true; rmdir /run/user/0'), /^ok +qemu-img: .*^ok +node: v24/ms)
    t.match(host.sh('aetherscale-net check 2>&1 || true'), /Everything is denied/)
    t.equal(host.sh('NODE_OPTIONS=--no-such-option aetherscaled --version'), manifest.version)
    t.equal(host.sh('dpkg --verify aetherscale'), '')
    t.equal(host.sh('getent passwd; getent group'), before.users)
    t.equal(host.sh("systemctl list-units --no-legend --all 'aetherscale*'"), '')
    t.equal(host.sh('systemctl list-unit-files --no-legend --state=enabled "aetherscale*" || true'), '')
  })

  await t.test('a boot later nothing has failed', async (t) => {
    host.reboot()
    t.equal(host.sh('systemctl --failed --no-legend'), '')
  })

  await t.test('it is installed over itself, removed and purged, and leaves the machine as it was', async (t) => {
    host.sh('apt-get install --yes --quiet --reinstall ./*.deb')
    t.equal(host.sh('aetherscale --version'), `aetherscale ${manifest.version}`)
    host.sh('mkdir /etc/aetherscale; echo "{}" >/etc/aetherscale/policy.json; apt-get remove --yes --quiet aetherscale')
    t.equal(host.sh('ls /etc/aetherscale'), 'policy.json', 'what the admin wrote outlives a removal')
    t.throws(() => host.sh('command -v aetherscale'))
    host.sh('apt-get purge --yes --quiet aetherscale')
    t.same(compare(before.files, listFiles(host)), [])
  })

  await t.test('where systemd does not run, it does the same', async (t) => {
    const apart = "unshare --mount sh -ec 'mount -t tmpfs none /run/systemd; \"$@\"' sh"
    host.sh(`${apart} apt-get install --yes --quiet ./*.deb; aetherscaled --version; ${apart} apt-get purge --yes --quiet aetherscale`)
    t.same(compare(before.files, listFiles(host)), [])
  })
})

t.test('through an upgrade', { skip }, async (t) => {
  const { deb } = await ensureRelease()
  const later = await ensureRelease(LATER)
  const host = openHost(t, `p-upgrade-${process.pid}`)
  host.install(deb)
  const alice = host.addUser('alice')
  const image = await host.putTinyImage()
  host.sh(`
    systemd-sysusers && systemd-tmpfiles --create
    mkdir /etc/aetherscale; echo '{"version":1,"principals":{"alice":{}}}' >/etc/aetherscale/policy.json
    systemctl enable --now aetherscale-net@${alice}.socket`)
  host.shAs('alice', `
    mkdir -p .config/aetherscale; echo '{"serviceManager":"systemd"}' >.config/aetherscale/daemon.json
    systemctl --user enable --now aetherscaled.service
    until [ -S $XDG_RUNTIME_DIR/aetherscale/control.sock ]; do sleep 0.1; done
    aetherscale image import ${image} --name tiny
    aetherscale network create lan
    aetherscale vm create tiny --name web --memory 128M --network network,name=lan`)
  const daemon = (): string => host.shAs('alice', 'systemctl --user show --value --property=MainPID aetherscaled.service')
  const helper = (): string => host.sh('systemctl show --value --property=MainPID aetherscale-net.service')
  const vm = (): { state: string; pid: number } => JSON.parse(host.shAs('alice', 'aetherscale --json vm get web')) as { state: string; pid: number }
  const version = (): string => host.shAs('alice', 'aetherscale --json info')
  const was = { daemon: daemon(), helper: helper(), vm: vm() }

  await t.test('the daemon and the helper become the new ones, and a VM stays the same process', async (t) => {
    t.equal(was.vm.state, 'running')
    t.match(version(), `"version":"${manifest.version}"`)
    host.install(later.deb)
    host.shAs('alice', 'until aetherscale vm list >/dev/null 2>&1; do sleep 0.1; done')
    t.match(version(), `"version":"${LATER}"`)
    t.not(daemon(), was.daemon)
    t.not(helper(), was.helper)
    t.match(vm(), { state: 'running', pid: was.vm.pid })
    t.match(host.sh(`readlink /proc/${was.vm.pid}/exe`), /qemu-system/)
  })

  await t.test('what is removed runs no more, and the disk of a VM outlives even a purge', async (t) => {
    host.sh('apt-get remove --yes --quiet aetherscale')
    t.equal(host.sh('pgrep --full "[a]etherscale|[q]emu-system" || true'), '')
    t.match(host.sh('apt-get purge --yes --quiet aetherscale'), /disks of alice's VMs are still in \/home\/alice\/\.local\/share\/aetherscale\/disks/)
    t.match(host.sh('ls /home/alice/.local/share/aetherscale/disks'), /\.qcow2$/)
    t.equal(host.sh('ls -d /etc/aetherscale /usr/lib/aetherscale /etc/systemd/system/*/aetherscale* 2>/dev/null || true'), '')
    t.equal(host.sh('systemctl --failed --no-legend'), '')
  })
})

t.test('what setup has made', { skip }, async (t) => {
  const { deb } = await ensureRelease()
  const host = openHost(t, `p-setup-${process.pid}`)
  host.addUser('alice')
  const before = { files: listFiles(host), users: host.sh('getent passwd; getent group'), links: host.sh('ip -brief link') }
  const setUp = (): string => host.sh('aetherscale setup --yes --member alice')
  const vm = 'aetherscale vm create tiny --name web --memory 128M --network user'

  await t.test('goes with the package, if there is no VM and no image', async (t) => {
    host.install(deb)
    setUp()
    host.sh('apt-get purge --yes --quiet aetherscale')
    t.same(compare(before.files, listFiles(host)), [])
    t.equal(host.sh('getent passwd; getent group'), before.users)
    t.equal(host.sh('ip -brief link'), before.links)
    t.equal(host.sh('systemctl --failed --no-legend'), '')
  })

  await t.test('serves on through an upgrade: a new daemon, and a VM that is the same process', async (t) => {
    const later = await ensureRelease(LATER)
    const image = await host.putTinyImage()
    host.install(deb)
    setUp()
    const told = (line: string): Record<string, unknown> => JSON.parse(host.shAs('alice', `aetherscale --json ${line}`)) as Record<string, unknown>
    host.shAs('alice', `aetherscale image import ${image} --name tiny; ${vm}`)
    const was = told('vm get web')
    t.match(was, { state: 'running', pid: Number })
    t.match(told('info'), { version: manifest.version })
    host.install(later.deb)
    host.shAs('alice', 'until aetherscale vm list >/dev/null 2>&1; do sleep 0.1; done')
    t.match(told('info'), { version: LATER })
    t.match(told('vm get web'), { state: 'running', pid: was['pid'] })
  })

  await t.test('stops, and stays as far as it is of VMs, which a purge tells of', async (t) => {
    host.sh('apt-get remove --yes --quiet aetherscale')
    t.equal(host.sh('pgrep --list-name --uid aetherscale qemu || true'), '')
    t.match(host.sh('apt-get purge --yes --quiet aetherscale'), /user aetherscale and \/var\/lib\/aetherscale stay[^]*disks of aetherscale's VMs are still in \/var\/lib/)
    t.match(host.sh('ls /var/lib/aetherscale/.local/share/aetherscale/disks'), /\.qcow2$/)
    t.throws(() => host.sh('ls /etc/aetherscale'))
    t.equal(host.sh('systemctl --failed --no-legend'), '')
  })
})

/** Every file with what makes it what it is, but for what apt and dpkg note down of their own work. */
function listFiles(host: Host): string[] {
  const left = ['/proc', '/sys', '/dev', '/run', '/tmp', '/var/tmp', '/root', '/var/lib/dpkg', '/var/lib/apt', '/var/cache/apt', '/var/log', '/var/lib/systemd', '/etc/machine-id']
  const skipped = left.map((path) => `-path ${path}`).join(' -o ')
  return host.sh(`find / -xdev \\( ${skipped} \\) -prune -o -printf '%p %M %u:%g %l\\n' | sort`).split('\n')
}

function compare(before: readonly string[], after: readonly string[]): string[] {
  const gone = before.filter((line) => !after.includes(line)).map((line) => `- ${line}`)
  return [...gone, ...after.filter((line) => !before.includes(line)).map((line) => `+ ${line}`)]
}
