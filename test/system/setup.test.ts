import t, { type Test } from 'tap'
import { lacksHosts, startHost, type Host } from './host-box.ts'

t.setTimeout(600_000)
const skip = lacksHosts()

/** What a command printed, and how it ended; where it fails as well. */
function run(host: Host, line: string): { status: number; output: string } {
  const output = host.sh(`{ ${line}; } </dev/null 2>&1 || echo "status $?"`)
  const [, status = '0'] = /^status (\d+)$/m.exec(output) ?? []
  return { status: Number(status), output }
}

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
    const found = run(host, line)
    t.equal(found.status, status, `${sentence}: ${found.output}`)
    t.match(found.output, words, sentence)
  }
  t.equal(run(host, 'aetherscale setup --dry-run --prefix fd5e:a1ce::/48').status, 0)
  unchanged(t, 'by what was refused, or tried')

  host.sh('install -o carol -d /srv/checkout; cp -r /usr/lib/aetherscale/. /srv/checkout; chown -R carol /srv/checkout')
  t.match(run(host, '/srv/checkout/node /srv/checkout/aetherscale-setup.js --yes').output, /SETUP_NOT_INSTALLED/, 'root runs nothing that others can write')
  host.sh('rm -r /srv/checkout')

  const first = run(host, 'aetherscale setup --yes --prefix fd5e:a1ce::/48 --member carol --observer oscar')
  t.equal(first.status, 0, first.output)
  t.comment(first.output)
  const set = { files: listFiles(host), accounts: listAccounts(host) }
  const again = run(host, 'aetherscale setup --yes --prefix fd5e:a1ce::/48 --member carol --observer oscar')
  t.match(again.output, /There is nothing to do/)
  t.same(differences(set.files, listFiles(host)), [])
  t.equal(listAccounts(host), set.accounts)

  host.shAs('carol', `
    aetherscale image import ${image} --name tiny
    aetherscale network create lan --prefix fd5e:a1ce:0:1::/64
    aetherscale vm create tiny --name web --memory 64M --network network,name=lan --autostart`)
  const removed = run(host, 'aetherscale setup --remove --yes')
  t.equal(removed.status, 0, removed.output)
  t.match(removed.output, /\/var\/lib\/aetherscale.*--purge/, 'it says what it leaves')
  t.equal(host.sh("pgrep -f 'qemu-system|aetherscaled' || true"), '', 'nothing runs')
  t.equal(host.sh('ip -br link show group 1634038888'), '', 'and no link is left')
  t.match(host.sh('ls /var/lib/aetherscale/.local/share/aetherscale/disks'), /^[a-z]{8}\.qcow2$/, 'but the disk')

  t.equal(run(host, 'aetherscale setup --yes --prefix fd5e:a1ce::/48 --member carol').status, 0, 'set up once more')
  t.match(host.shAs('carol', 'aetherscale --json vm get web'), /"state":"(stopped|running)"/, 'the VM is known again')
  const purged = run(host, 'aetherscale setup --remove --purge --yes')
  t.equal(purged.status, 0, purged.output)
  unchanged(t, 'in the end')
  t.equal(host.sh('systemctl --failed --no-legend --plain'), '')
  t.match(run(host, 'aetherscale setup --remove --yes').output, /nothing/)
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
  t.equal(run(host, 'aetherscale setup --yes').status, 0)
  t.match(JSON.parse(host.sh('cat /etc/aetherscale/policy.json')), { principals: { alice: { quota: { taps: 3, bridges: 1 } }, aetherscale: {} } })
  t.equal(run(host, 'aetherscale setup --remove --purge --yes').status, 0)
  t.same(JSON.parse(host.sh('cat /etc/aetherscale/policy.json')), JSON.parse(allowlist))
  t.match(host.sh('getent group aetherscale-observers; id aetherscale-net'), /alice[^]*aetherscale-net/)
  t.equal(host.sh(`systemctl is-enabled aetherscale-radvd.path aetherscale-net@${alice}.socket; systemctl is-active aetherscale-net@${alice}.socket`), 'enabled\nenabled\nactive')

  host.sh('printf broken >/etc/aetherscale/policy.json')
  const { status, output } = run(host, 'aetherscale setup --yes')
  t.equal(status, 6, output)
  t.match(output, /policy\.json.*SETUP_CONFLICT/)
  t.equal(host.sh('cat /etc/aetherscale/policy.json'), 'broken')
})

t.test('for a user of their own', { skip }, async (t) => {
  const host = await startHost(t, 'setup-user')
  const alice = host.addUser('alice')
  const asked = run(host, `SUDO_UID=${alice} aetherscale setup --user --yes --prefix fd5e:a1ce::/48`)
  t.equal(asked.status, 0, asked.output)
  t.throws(() => host.sh('id aetherscale'))
  t.match(host.shAs('alice', 'aetherscale --json info'), /"serviceManager":"systemd"/)
  t.match(host.shAs('alice', 'aetherscale network create lan --prefix fd5e:a1ce:0:1::/64'), /aeb/)
  const removed = run(host, `SUDO_UID=${alice} aetherscale setup --remove --user --yes --purge`)
  t.equal(removed.status, 0, removed.output)
  t.equal(host.sh('ip -br link show group 1634038888; ls /etc/aetherscale 2>/dev/null || true'), '')
  t.match(run(host, 'setpriv --reuid=alice --regid=alice --init-groups env XDG_RUNTIME_DIR=/run/user/1000 aetherscale setup --user --yes').output, /admin/i)
})

t.test('an uplink moves to its bridge, and back unless somebody confirms', { skip }, async (t) => {
  const host = await startHost(t, 'setup-bridge')
  // an uplink as on a server: addresses of both families, a default route of each, and a route of another table
  host.sh(`
    ip netns add world
    ip link add up0 type veth peer name w0 netns world
    ip link set up0 up; ip -n world link set w0 up; ip -n world link set lo up
    ip addr add 192.0.2.2/24 dev up0; ip addr add 192.0.2.77/32 dev up0; ip -6 addr add 2001:db8::2/64 dev up0 nodad
    ip -n world addr add 192.0.2.1/24 dev w0; ip -n world -6 addr add 2001:db8::1/64 dev w0 nodad
    ip -n world addr add 203.0.113.1/32 dev lo
    ip route add default via 192.0.2.1 dev up0 src 192.0.2.77; ip -6 route add default via 2001:db8::1 dev up0 metric 512
    ip route add 198.51.100.0/24 via 192.0.2.9 dev up0 table 100`)
  const routes = (link: string): string => host.sh(`{ ip route show table all dev ${link}; ip -6 route show table all dev ${link}; } | grep -v fe80 | grep -v ff00 | sort`)
  const addresses = (link: string): string => host.sh(`ip -br address show ${link} | tr -s ' ' '\\n' | grep / | grep -v fe80 | sort`)
  // something that answers from beyond the uplink
  const reaches = (): string => host.sh(`
    ip netns exec world socat -u TCP4-LISTEN:7,reuseaddr,bind=203.0.113.1 OPEN:/run/heard,creat,trunc & sleep 0.5
    echo hello | socat -T 5 - TCP4:203.0.113.1:7,connect-timeout=5; wait; cat /run/heard`)
  const before = { routes: routes('up0'), addresses: addresses('up0') }
  t.equal(reaches(), 'hello')

  const refused = run(host, 'aetherscale setup --create-bridge br0 --uplink up0')
  t.equal(refused.status, 6, refused.output)
  t.match(refused.output, /only default route.*SETUP_ONLY_ROUTE/)
  t.match(run(host, 'aetherscale setup --yes --create-bridge lo --uplink up0').output, /SETUP_CONFLICT|INVALID_PARAMS/)

  host.sh('systemd-run --quiet --unit=first-try --property=RemainAfterExit=yes aetherscale setup --yes --create-bridge br0 --uplink up0')
  await host.until('ip -br link show master br0 2>/dev/null || true', (answer) => answer.startsWith('up0'))
  t.equal(addresses('br0'), before.addresses)
  t.equal(addresses('up0'), '')
  t.equal(routes('br0').replaceAll('br0', 'up0'), before.routes)
  t.equal(reaches(), 'hello', 'over the bridge as well')
  // The session is lost with the network: what waits for a word is killed, and the way back does not need it.
  host.sh('systemctl kill --signal=KILL first-try.service; systemctl reset-failed first-try.service 2>/dev/null || true')
  await host.until('ls /sys/class/net', (answer) => !answer.includes('br0'))
  t.equal(addresses('up0'), before.addresses)
  t.equal(routes('up0'), before.routes)
  t.equal(reaches(), 'hello', 'back by itself')

  host.sh('systemd-run --quiet --unit=second-try --property=RemainAfterExit=yes aetherscale setup --yes --create-bridge br0 --uplink up0')
  await host.until('journalctl -u second-try --no-pager', (answer) => answer.includes('--confirm'))
  t.match(run(host, 'aetherscale setup --confirm').output, /stays/)
  const printed = await host.until('journalctl -o cat -u second-try --no-pager', (answer) => answer.includes('[NetDev]'))
  for (const words of [/iface br0 inet static/, /address 192\.0\.2\.2\/24/, /bridge_ports up0/, /Kind=bridge/, /Gateway=192\.0\.2\.1/]) t.match(printed, words)
  t.match(run(host, 'aetherscale setup --confirm').output, /SETUP_CONFLICT/, 'once')
  t.equal(reaches(), 'hello')
  t.match(JSON.parse(host.sh('cat /etc/aetherscale/policy.json')), { principals: { aetherscale: { bridges: ['br0'] } } })
  t.match(run(host, 'aetherscale setup --yes --create-bridge br0 --uplink up0').output, /nothing to do/)

  t.equal(run(host, 'aetherscale setup --remove --purge --yes').status, 0)
  t.equal(addresses('up0'), before.addresses)
  t.equal(routes('up0'), before.routes)
  t.notMatch(host.sh('ls /sys/class/net'), /br0/)
  t.equal(host.sh('ls -d /run/aetherscale* /etc/aetherscale* 2>/dev/null || true'), '')
})
