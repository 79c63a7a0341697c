import t, { type Test } from 'tap'
import { lacksHosts, startHost, type Host } from './host-box.ts'
import { runIn } from './setup-box.ts'

t.setTimeout(600_000)
const skip = lacksHosts()

/** Every file and folder but what is the kernel's, of this boot, or a log. */
const listFiles = (host: Host): string[] =>
  host.sh("find / -xdev \\( -path /proc -o -path /sys -o -path /run -o -path /tmp -o -path /dev -o -path /var/log -o -path /var/cache/apt -o -path /var/lib/apt \\) -prune -o -printf '%p %M %u:%g\\n' | sort").split('\n')
/** Without the indices of links, which only grow. */
const listLinks = (host: Host): string => host.sh("ip -br link | sort; ip -br address | sort; ip route show table all | sort; ip -6 route show table all | sort")
const listAccounts = (host: Host): string => host.sh('cat /etc/passwd /etc/group; ls -A /run | grep -i aetherscale || true')
const differences = (before: readonly string[], after: readonly string[]): string[] => [
  ...before.filter((line) => !after.includes(line)).map((line) => `- ${line}`),
  ...after.filter((line) => !before.includes(line)).map((line) => `+ ${line}`),
]

t.test('setup is printed, asked for, done once, and taken back without a trace', { skip }, async (t) => {
  const host = await startHost(t, 'setup')
  const image = await host.putTinyImage()
  host.addUser('carol')
  host.addUser('oscar')
  const before = { files: listFiles(host), links: listLinks(host), accounts: listAccounts(host) }
  const unchanged = (t: Test, what: string): void => {
    t.same(differences(before.files, listFiles(host)), [], `no file is another ${what}`)
    t.equal(listLinks(host), before.links, `no link, address or route is another ${what}`)
    t.equal(listAccounts(host), before.accounts, `no account is another ${what}`)
  }

  const refused: readonly [sentence: string, line: string, status: number, words: RegExp][] = [
    ['by nobody who could be asked', 'aetherscale setup', 4, /SETUP_UNCONFIRMED/],
    ['by a user', 'setpriv --reuid=carol --regid=carol --init-groups aetherscale setup --yes', 4, /SETUP_NEEDS_ROOT.*\n.*sudo/],
    ['with a bridge that is not there', 'aetherscale setup --yes --bridge br9', 5, /br9.*NET_NOT_FOUND/],
    ['with an uplink that is not there', 'aetherscale setup --yes --create-bridge br9 --uplink eth9', 5, /eth9.*NET_NOT_FOUND/],
    ['with a name that ip(8) would read otherwise', "aetherscale setup --yes --create-bridge 'br9 up' --uplink eth9", 2, /INVALID_PARAMS/],
    ['with a member that is not there', 'aetherscale setup --yes --member nobody9', 5, /SETUP_USER_NOT_FOUND/],
    ['with a prefix that is none', 'aetherscale setup --yes --prefix fd00::/65', 2, /INVALID_PARAMS/],
    ['by root for root itself', 'env -u SUDO_UID aetherscale setup --yes --user', 2, /INVALID_PARAMS/],
    ['with an option that there is not', 'aetherscale setup --force', 2, /--force/],
  ]
  for (const [sentence, line, status, words] of refused) {
    const found = runIn(host, line)
    t.equal(found.status, status, `${sentence}: ${found.output}`)
    t.match(found.output, words, sentence)
  }
  t.equal(runIn(host, 'aetherscale setup --dry-run --prefix fd5e:a1ce::/48').status, 0)
  unchanged(t, 'by what was refused, or tried')

  host.sh('install -o carol -d /srv/checkout; cp -r /usr/lib/aetherscale/. /srv/checkout; chown -R carol /srv/checkout')
  t.match(runIn(host, '/srv/checkout/node /srv/checkout/aetherscale-setup.js --yes').output, /SETUP_NOT_INSTALLED/, 'root runs nothing that others can write')
  host.sh('rm -r /srv/checkout')

  const first = runIn(host, 'aetherscale setup --yes --prefix fd5e:a1ce::/48 --member carol --observer oscar')
  t.equal(first.status, 0, first.output)
  t.comment(first.output)
  const set = { files: listFiles(host), accounts: listAccounts(host) }
  const again = runIn(host, 'aetherscale setup --yes --prefix fd5e:a1ce::/48 --member carol --observer oscar')
  t.match(again.output, /There is nothing to do/)
  t.same(differences(set.files, listFiles(host)), [])
  t.equal(listAccounts(host), set.accounts)

  host.shAs('carol', `
    aetherscale image import ${image} --name tiny
    aetherscale network create lan --prefix fd5e:a1ce:0:1::/64
    aetherscale vm create tiny --name web --memory 96M --network network,name=lan --autostart
    aetherscale vm wait web --for agent --timeout 300`)
  const removed = runIn(host, 'aetherscale setup --remove --yes')
  t.equal(removed.status, 0, removed.output)
  t.match(removed.output, /\/var\/lib\/aetherscale.*--purge/, 'it says what it leaves')
  t.equal(host.sh("pgrep -f '[q]emu-system|[a]etherscaled' || true"), '', 'nothing runs')
  t.equal(host.sh('ip -br link show group 1634038888'), '', 'and no link is left')
  t.match(host.sh('ls /var/lib/aetherscale/.local/share/aetherscale/disks'), /^[a-z]{8}\.qcow2$/, 'but the disk')

  t.equal(runIn(host, 'aetherscale setup --yes --prefix fd5e:a1ce::/48 --member carol').status, 0, 'set up once more')
  t.match(host.shAs('carol', 'aetherscale --json vm get web'), /"state":"(stopped|running)".*"enabled":true/, 'the VM is known again, and starts with the host')
  const purged = runIn(host, 'aetherscale setup --remove --purge --yes')
  t.equal(purged.status, 0, purged.output)
  unchanged(t, 'in the end')
  t.equal(host.sh('systemctl --failed --no-legend --plain'), '')
  t.match(runIn(host, 'aetherscale setup --remove --yes').output, /nothing/)
})

t.test('what others have of the allowlist, of groups and of units is not touched', { skip }, async (t) => {
  const host = await startHost(t, 'setup-beside')
  const alice = host.addUser('alice')
  const allowlist = '{\n  "version": 1,\n  "principals": {\n    "alice": { "quota": { "taps": 3, "bridges": 1 } }\n  }\n}\n'
  host.sh(`
    systemd-sysusers /usr/lib/sysusers.d/aetherscale.conf; systemd-tmpfiles --create /usr/lib/tmpfiles.d/aetherscale.conf
    groupadd --system aetherscale-observers; usermod -aG aetherscale-observers alice
    install -d /etc/aetherscale; printf '%s' '${allowlist}' >/etc/aetherscale/policy.json
    systemctl enable --now aetherscale-radvd.path aetherscale-net@${alice}.socket`)
  t.equal(runIn(host, 'aetherscale setup --yes').status, 0)
  t.match(JSON.parse(host.sh('cat /etc/aetherscale/policy.json')), { principals: { alice: { quota: { taps: 3, bridges: 1 } }, aetherscale: {} } })
  t.equal(runIn(host, 'aetherscale setup --remove --purge --yes').status, 0)
  t.same(JSON.parse(host.sh('cat /etc/aetherscale/policy.json')), JSON.parse(allowlist))
  t.match(host.sh('getent group aetherscale-observers; id aetherscale-net'), /alice[^]*aetherscale-net/)
  t.equal(host.sh(`systemctl is-enabled aetherscale-radvd.path aetherscale-net@${alice}.socket; systemctl is-active aetherscale-net@${alice}.socket`), 'enabled\nenabled\nactive')

  host.sh('printf broken >/etc/aetherscale/policy.json')
  const { status, output } = runIn(host, 'aetherscale setup --yes')
  t.equal(status, 6, output)
  t.match(output, /policy\.json.*SETUP_CONFLICT/)
  t.equal(host.sh('cat /etc/aetherscale/policy.json'), 'broken')
})

t.test('for a user of their own', { skip }, async (t) => {
  const host = await startHost(t, 'setup-user')
  const alice = host.addUser('alice')
  const asked = runIn(host, `SUDO_UID=${alice} aetherscale setup --user --yes --prefix fd5e:a1ce::/48`)
  t.equal(asked.status, 0, asked.output)
  t.throws(() => host.sh('id aetherscale'))
  t.match(host.shAs('alice', 'aetherscale --json info'), /"serviceManager":"systemd"/)
  t.match(host.shAs('alice', 'aetherscale network create lan --prefix fd5e:a1ce:0:1::/64'), /aeb/)
  const removed = runIn(host, `SUDO_UID=${alice} aetherscale setup --remove --user --yes --purge`)
  t.equal(removed.status, 0, removed.output)
  t.equal(host.sh('ip -br link show group 1634038888; ls /etc/aetherscale 2>/dev/null || true'), '')
  t.match(runIn(host, 'setpriv --reuid=alice --regid=alice --init-groups env XDG_RUNTIME_DIR=/run/user/1000 aetherscale setup --user --yes').output, /admin/i)
})
