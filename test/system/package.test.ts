/** A release: what is in it, and what installing, upgrading, removing and purging it do to a fresh Debian machine. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import t from 'tap'
import { programs, root } from '../../.build/programs.ts'
import manifest from '../../package.json' with { type: 'json' }
import { lacksHosts, openHost, type Host } from './host-box.ts'
import { ensureRelease } from './release.ts'

const LATER = '99.0.0'
const unpackable = spawnSync('dpkg-deb', ['--version']).error === undefined ? false : 'dpkg-deb is missing: apt-get install dpkg'
const skip = lacksHosts()
const ask = (option: string, deb: string): Buffer => execFileSync('dpkg-deb', [option, deb], { maxBuffer: 2 ** 28 })

/** Everything that may be in a package, by path; `x` is what may be run. */
const allowed: readonly (readonly [path: RegExp, mode: string])[] = [
  [/^usr\/bin\/aetherscaled?$/, '-rwxr-xr-x'],
  [/^usr\/sbin\/aetherscale-net$/, '-rwxr-xr-x'],
  [/^usr\/lib\/aetherscale\/(node|in-user-managers)$/, '-rwxr-xr-x'],
  [/^usr\/lib\/aetherscale\/(package|policy\.example)\.json$/, '-rw-r--r--'],
  [new RegExp(`^usr/lib/aetherscale/(${programs.map(({ name }) => name).join('|')})\\.js$`), '-rw-r--r--'],
  [/^usr\/lib\/aetherscale\/aetherscale-parts\/[\w-]+\.js$/, '-rw-r--r--'],
  [/^usr\/lib\/aetherscale\/node_modules\/koffi\/(package\.json|[\w/]+\.js)$/, '-rw-r--r--'],
  [/^usr\/lib\/aetherscale\/node_modules\/@koromix\/koffi-linux-(\w+)\/(package\.json|index\.js|linux_\1\/koffi\.node)$/, '-rw-r--r--'],
  [/^usr\/lib\/systemd\/(system|user|network)\/[\w-]*aetherscale[\w@.-]*\.[a-z]+$/, '-rw-r--r--'],
  [/^usr\/lib\/(sysusers|tmpfiles|sysctl)\.d\/[\w-]*aetherscale[\w-]*\.conf$/, '-rw-r--r--'],
  [/^usr\/share\/bash-completion\/completions\/aetherscale$/, '-rw-r--r--'],
  [/^usr\/share\/zsh\/vendor-completions\/_aetherscale$/, '-rw-r--r--'],
  [/^usr\/share\/fish\/vendor_completions\.d\/aetherscale\.fish$/, '-rw-r--r--'],
  [/^usr\/share\/doc\/aetherscale\/(copyright|README\.md|REFERENCE\.md)$/, '-rw-r--r--'],
]

t.test('a package holds what belongs into it, all of it root\'s and writable by nobody else', { skip: unpackable }, async (t) => {
  const { deb } = await ensureRelease()
  const entries = String(ask('--contents', deb)).trimEnd().split('\n').map((line) => line.split(/\s+/))
  const unmet = new Set(allowed)
  for (const [mode = '', owner, , , , path = ''] of entries) {
    t.equal(owner, 'root/root', path)
    if (mode.startsWith('d')) {
      t.equal(mode, 'drwxr-xr-x', path)
      continue
    }
    const rule = allowed.find(([pattern]) => pattern.test(path.slice(2)))
    t.equal(mode, rule?.[1] ?? 'not there', path)
    if (rule) unmet.delete(rule)
  }
  t.same([...unmet].map(([pattern]) => pattern.source), [], 'and nothing is missing')
  for (const { name } of programs) t.ok(entries.some((entry) => entry.at(-1) === `./usr/lib/aetherscale/${name}.js`), name)
})

t.test('the tarball holds the same', { skip: unpackable }, async (t) => {
  const { deb, tarball } = await ensureRelease()
  t.ok(zstdDecompressSync(readFileSync(tarball)).equals(ask('--fsys-tarfile', deb)))
})

t.test('the licences of all code in it are there', { skip: unpackable }, async (t) => {
  const { deb } = await ensureRelease()
  const copyright = execFileSync('tar', ['-xO', './usr/share/doc/aetherscale/copyright'], { input: ask('--fsys-tarfile', deb), encoding: 'utf8' })
  for (const [name, licence] of [
    ['aetherscale', /The aetherscale maintainers/],
    [`node-linux-${process.arch}`, /Node\.js is licensed for use as follows/],
    ['koffi', /Niels Martignène/],
    ['zod', /Colin McDonnell/],
    ['pino', /the Pino contributors/],
  ] as const) {
    const part = copyright.split(/^-{78}$/m).find((text) => new RegExp(`^${name}( \\S+)?\\n`).test(text.trimStart())) ?? ''
    t.match(part, licence, name)
  }
})

t.test('two that are made of the same sources are the same, whoever makes them', { skip: unpackable }, (t) => {
  const scratch = mkdtempSync(join(tmpdir(), 'aetherscale-package-test-'))
  t.teardown(() => rmSync(scratch, { recursive: true }))
  const make = (umask: string, zone: string): Buffer[] => {
    const folder = join(scratch, umask)
    const argv = [process.execPath, join(root, '.build/package/main.ts'), folder]
    const env = { ...process.env, SOURCE_DATE_EPOCH: '1700000000', TZ: zone }
    const printed = execFileSync('sh', ['-c', `umask ${umask}; exec "$@"`, 'sh', ...argv], { encoding: 'utf8', env })
    return printed.trimEnd().split('\n').map((line) => readFileSync(line.split('  ')[0] ?? ''))
  }
  const [first, second] = [make('0077', 'UTC'), make('0000', 'Asia/Tokyo')]
  t.equal(first.length, 2)
  t.ok(first.every((bytes, index) => bytes.equals(second[index] ?? Buffer.alloc(0))))
  t.end()
})

t.test('on a fresh machine', { skip }, async (t) => {
  const { deb } = await ensureRelease()
  const host = openHost(t, `p-package-${process.pid}`)
  const before = { files: listFiles(host), users: host.sh('getent passwd; getent group') }

  await t.test('it installs without Node, and sets nothing up', async (t) => {
    t.throws(() => host.sh('command -v node || command -v npm'))
    host.install(deb)
    t.equal(host.sh('aetherscale --version'), `aetherscale ${manifest.version}`)
    t.equal(host.sh('aetherscaled --version'), manifest.version)
    t.match(host.sh('mkdir -m 700 /run/user/0; XDG_RUNTIME_DIR=/run/user/0 aetherscaled --doctor; rmdir /run/user/0'), /^ok +qemu-img: .*^ok +node: v24/ms)
    t.match(host.sh('aetherscale-net check 2>&1 || true'), /Everything is denied/)
    t.equal(host.sh('NODE_OPTIONS=--no-such-option aetherscaled --version'), manifest.version)
    t.equal(host.sh('dpkg --verify aetherscale'), '')
    t.equal(host.sh('getent passwd; getent group'), before.users)
    t.equal(host.sh("systemctl list-units --no-legend --all 'aetherscale*'"), '')
    t.equal(host.sh('systemctl list-unit-files --no-legend --state=enabled "aetherscale*"'), '')
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
    t.equal(host.sh('pgrep --full "aetherscale|qemu-system" | grep -v "^$$\\$" || true'), '')
    t.match(host.sh('apt-get purge --yes --quiet aetherscale'), /disks of alice's VMs are still in \/home\/alice\/\.local\/share\/aetherscale\/disks/)
    t.match(host.sh('ls /home/alice/.local/share/aetherscale/disks'), /\.qcow2$/)
    t.equal(host.sh('ls -d /etc/aetherscale /usr/lib/aetherscale /etc/systemd/system/*/aetherscale* 2>/dev/null || true'), '')
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
