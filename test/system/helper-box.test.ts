/** The network helper, as systemd runs it on a fresh Debian machine: its sockets, its sandbox, its audit, and radvd. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { lacksBoxes, openBox, type Box } from './box.ts'
import { ask, installHelper } from './helper-box.ts'

const skip = lacksBoxes()
const [alice, bob, carol] = [1001, 1002, 1003]
const policy = '/etc/aetherscale/policy.json'
const principals = { alice: { prefix: 'fd5e:a1ce::/48' }, [bob]: {} }
const tapOfAlice = { vm: 'adbvzwdf', nic: 0, attach: { network: 'lan' }, mac: '52:54:00:00:00:01' }
/** CAP_NET_ADMIN and CAP_NET_RAW as /proc/PID/status has them: linux/capability.h, bits 12 and 13. */
const [NET_ADMIN, NET_RAW] = ['0000000000001000', '0000000000002000']

let box: Box
let tap = ''

t.before(async () => {
  if (skip) return
  const scratch = mkdtempSync(join(tmpdir(), 'aetherscale-box-'))
  t.teardown(() => rmSync(scratch, { recursive: true }))
  box = openBox(t, `helper-${process.pid}`)
  await installHelper(box, scratch)
  box.sh(`
    useradd --create-home --uid ${alice} alice
    useradd --create-home --uid ${bob} bob
    useradd --create-home --uid ${carol} carol
    echo '${JSON.stringify({ version: 1, principals })}' >${policy}
    systemctl enable --now aetherscale-net@${alice}.socket aetherscale-net@${bob}.socket`)
})

const state = (unit: string): string => box.sh(`systemctl show --value --property=ActiveState ${unit}`)
const mainPid = (unit: string): string => box.sh(`systemctl show --value --property=MainPID ${unit}`)
const lastAudit = (): Record<string, unknown> =>
  JSON.parse(box.sh('journalctl --sync; journalctl --unit=aetherscale-net.service --identifier=aetherscale-net --output=cat --lines=1')) as Record<string, unknown>

/** What /proc tells of the privileges of a process. */
function privileges(pid: string): Record<string, string | undefined> {
  const lines = box.sh(`cat /proc/${pid}/status`).split('\n').map((line) => line.split(/:\s+/))
  const tell = (name: string): string | undefined => lines.find(([key]) => key === name)?.[1]
  return Object.fromEntries(['Uid', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb', 'NoNewPrivs', 'Seccomp'].map((name) => [name, tell(name)]))
}

const addresses = 'ip -netns guest -6 -oneline address show dev eth0 scope global'
/** IPv6 that begins anew does so at once, and has no address that it heard of before. */
const askForRouters = "ip netns exec guest sh -c 'for value in 1 0; do echo $value >/proc/sys/net/ipv6/conf/eth0/disable_ipv6; done'"

/** Opens the tap as QEMU does (TUNSETIFF with IFF_TAP and IFF_NO_PI: linux/if_tun.h), and runs a command that has it as fd 3. */
function openTap(...argv: string[]): string[] {
  const open = '$^F = 3; open $tap, "+<", "/dev/net/tun" or die "open: $!"; ioctl $tap, 0x400454ca, pack "a16Sx22", shift, 0x1002 or die "TUNSETIFF: $!"; exec @ARGV'
  return ['perl', '-e', open, tap, ...argv]
}

/** All folders and files that `user` can write to in the file system of a service, but for /proc. */
function writable(unit: string, user: string): string[] {
  const walk = `
    import { accessSync, constants, lstatSync, readdirSync } from 'node:fs'
    const attempt = (what) => { try { return what() } catch { return undefined } }
    const walk = (path) => {
      const stats = path !== '/proc' && attempt(() => lstatSync(path))
      if (!stats || !(stats.isDirectory() || stats.isFile())) return
      if (attempt(() => accessSync(path, constants.W_OK) ?? true)) console.log(path)
      if (stats.isDirectory()) for (const name of attempt(() => readdirSync(path)) ?? []) walk(path.replace(/\\/$/, '') + '/' + name)
    }
    walk('/')`
  // nsenter(1) drops all capabilities with root's uid
  const argv = `nsenter --target ${mainPid(unit)} --mount --setuid $(id -u ${user}) --setgid $(id -g ${user})`
  return box.sh(`${argv} -- /usr/lib/aetherscale/node --input-type=module --eval "${walk.replace(/[$"\\]/g, '\\$&')}"`).split('\n')
}

t.test('a principal makes a network and a tap through its socket, and the journal tells', { skip }, async (t) => {
  t.equal(state('aetherscale-net.service'), 'inactive', 'the first connection starts the helper')
  t.match(ask(box, 'alice', alice, 'bridge.ensure', { network: 'lan' }), { result: { changed: true } })
  const answer = ask(box, 'alice', alice, 'tap.ensure', tapOfAlice)
  t.match(answer, { result: { name: /^aet[a-z2-7]{12}$/, changed: true } })
  tap = typeof answer === 'string' ? '' : String(answer.result?.['name'])
  t.match(box.sh(`ip -details link show dev ${tap}`), /tun type tap .* user alice[^]*alias aetherscale:1001:tap:adbvzwdf\.0/)
  t.match(lastAudit(), { principal: alice, operation: 'tap.ensure', decision: 'granted' })
  t.match(box.sh(`nft list chain bridge aetherscale ${tap}`), `ether saddr != ${tapOfAlice.mac} drop`, 'filtered')
})

t.test('nobody else gets in by it', { skip }, async (t) => {
  t.match(ask(box, 'bob', alice, 'policy.get'), /Permission denied/)
  t.match(ask(box, 'carol', alice, 'policy.get'), /Permission denied/)
  t.match(ask(box, 'bob', bob, 'policy.get'), { result: { uid: bob, used: { taps: 0 } } }, 'his own')
  t.equal(box.sh('stat --format="%U %a" /run/aetherscale-net'), 'root 755')
  t.match(box.as('alice', ['rm', '-f', `/run/aetherscale-net/${bob}.sock`]).stderr, /Permission denied/)
})

t.test('a tap is opened by whom it was made for, and not by others', { skip }, async (t) => {
  t.match(box.as('bob', openTap('true')), { status: 1, stderr: /^TUNSETIFF: Operation not permitted/ })
  t.match(box.as('alice', openTap('true')), { status: 0, stderr: '' })
})

t.test('the helper is a user with CAP_NET_ADMIN and no other capability, and can write its folder alone', { skip }, async (t) => {
  const uid = box.sh('id -u aetherscale-net')
  t.not(uid, '0')
  t.same(privileges(mainPid('aetherscale-net.service')), {
    Uid: Array<string>(4).fill(uid).join('\t'),
    CapPrm: NET_ADMIN, CapEff: NET_ADMIN, CapBnd: NET_ADMIN, CapAmb: NET_ADMIN,
    NoNewPrivs: '1',
    Seccomp: '2',
  })
  const paths = writable('aetherscale-net.service', 'aetherscale-net')
  t.same(paths.filter((path) => !path.startsWith('/run/aetherscale-ra/')), ['/run/aetherscale-ra'])
  const programs = box.sh(`nsenter --target ${mainPid('aetherscale-net.service')} --mount -- /usr/lib/aetherscale/node -p "
    require('node:fs').readdirSync('/usr/bin').concat(require('node:fs').readdirSync('/usr/sbin')).join()"`)
  t.equal(programs, 'ip,nft', 'there is no shell')
})

t.test('guests hear of a prefix, hear of it no more, and hear of another', { skip }, async (t) => {
  // a guest: its nic is a tap in a network of its own, and each frame of it a datagram to and from the tap of the VM. It says
  // nothing before there is somebody to say it to, and is never down, for socat would end.
  const [program = '', flag = '', open = '', ...rest] = openTap('socat', 'FD:3', 'UNIX-SENDTO:/run/guest/nic,bind=/run/guest/tap')
  box.sh(`
    mkdir -m 1777 /run/guest
    ip netns add guest
    ip netns exec guest sh -c 'echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6'
    systemd-run --quiet --unit=guest-nic --property=UMask=0 --property=NetworkNamespacePath=/run/netns/guest \
      socat TUN,tun-type=tap,iff-no-pi,iff-up,tun-name=eth0 UNIX-SENDTO:/run/guest/tap,bind=/run/guest/nic
    until [ -S /run/guest/nic ]; do sleep 0.05; done
    ip -netns guest link set eth0 address ${tapOfAlice.mac}   # from another one nothing comes through
    systemd-run --quiet --unit=guest-tap --uid=alice --property=UMask=0 ${program} ${flag} '${open.replaceAll('$', '$$$$')}' ${rest.join(' ')}
    until [ -S /run/guest/tap ]; do sleep 0.05; done
    ${askForRouters}`)

  t.match(ask(box, 'alice', alice, 'ra.set', { network: 'lan', prefix: 'fd5e:a1ce:0:1::/64' }), { result: { changed: true } })
  t.match(await box.until(addresses, (answer) => answer !== ''), / fd5e:a1ce:0:1:/)
  const uid = box.sh('id -u aetherscale-radvd')
  t.not(uid, '0')
  t.same(privileges(mainPid('aetherscale-radvd.service')), {
    Uid: Array<string>(4).fill(uid).join('\t'),
    CapPrm: NET_RAW, CapEff: NET_RAW, CapBnd: NET_RAW, CapAmb: NET_RAW,
    NoNewPrivs: '1',
    Seccomp: '2',
  })
  t.same(writable('aetherscale-radvd.service', 'aetherscale-radvd'), ['/run/aetherscale-radvd', '/run/aetherscale-radvd/radvd.pid'])
  t.equal(box.sh('ip -netns guest -6 route show default; ip -6 route show default'), '', 'and of no default route')

  t.match(ask(box, 'alice', alice, 'ra.clear', { network: 'lan' }), { result: { changed: true } })
  await box.until('systemctl show --value --property=ActiveState aetherscale-radvd.service', (answer) => answer === 'inactive')
  t.equal(box.sh(`${askForRouters}; sleep 3; ${addresses}`), '', 'those that there are answer within half a second (RFC 4861, 6.2.6)')

  t.match(ask(box, 'alice', alice, 'ra.set', { network: 'lan', prefix: 'fd5e:a1ce:0:2::/64' }), { result: { changed: true } })
  t.match(await box.until(addresses, (answer) => answer !== ''), / fd5e:a1ce:0:2:/)
  t.match(ask(box, 'alice', alice, 'ra.set', { network: 'lan', prefix: 'fd5e:a1ce:0:3::/64' }), { result: { changed: true } })
  await box.until(addresses, (answer) => answer.includes(' fd5e:a1ce:0:3:'))
})

t.test('no change of what is advertised is lost, however quickly they follow each other', { skip }, async (t) => {
  for (let round = 1; round <= 5; round++) {
    ask(box, 'alice', alice, 'ra.clear', { network: 'lan' })
    ask(box, 'alice', alice, 'ra.set', { network: 'lan', prefix: `fd5e:a1ce:0:a${round}::/64` })
  }
  // of itself radvd tells of the last one within 16 seconds (RFC 4861, MAX_INITIAL_RTR_ADVERT_INTERVAL); who asks need not wait
  box.sh(askForRouters)
  await box.until(addresses, (answer) => answer.includes(' fd5e:a1ce:0:a5:'))
  t.notMatch(box.sh('journalctl --unit=aetherscale-radvd.service'), /status=1\/HUP/, 'radvd was never told before it was ready')
})

t.test('an allowlist that others than root can write denies everything, and the journal says why', { skip }, async (t) => {
  box.sh(`chmod g+w ${policy}`)
  t.match(ask(box, 'alice', alice, 'link.list'), { error: { data: { name: 'NET_DENIED' } } })
  t.match(lastAudit(), { principal: alice, operation: 'link.list', decision: 'NET_DENIED', reason: /policy\.json can be written by others than root/ })
  box.sh(`chmod g-w ${policy}`)
  t.match(ask(box, 'alice', alice, 'link.list'), { result: { links: [{}, { filtered: true }] } })
})

t.test('a helper that is killed is back with the next request, and knows what there is', { skip }, async (t) => {
  const before = mainPid('aetherscale-net.service')
  box.sh('systemctl kill --signal=KILL aetherscale-net.service')
  t.match(ask(box, 'alice', alice, 'tap.ensure', tapOfAlice), { result: { name: tap, changed: false } })
  t.not(mainPid('aetherscale-net.service'), before)
})

t.test('a socket is added to a helper that runs, and is of no use without an entry in the allowlist', { skip }, async (t) => {
  box.sh(`systemctl enable --now aetherscale-net@${carol}.socket`)
  t.match(ask(box, 'carol', carol, 'policy.get'), { error: { data: { name: 'NET_DENIED', hint: /"1003"/ } } })
  t.match(ask(box, 'alice', alice, 'policy.get'), { result: { uid: alice } }, 'the others are still there')
  box.sh(`echo '${JSON.stringify({ version: 1, principals: { ...principals, carol: {} } })}' >${policy}`)
  t.match(ask(box, 'carol', carol, 'policy.get'), { result: { uid: carol } })
  box.sh(`systemctl disable --now aetherscale-net@${carol}.socket`)
  t.match(ask(box, 'carol', carol, 'policy.get'), /No such file or directory/)
})

t.test('a socket is for a uid, not for a name', { skip }, async (t) => {
  t.throws(() => box.sh('systemctl start aetherscale-net@carol.socket'))
  box.sh('systemctl reset-failed aetherscale-net@carol.socket')
  t.match(ask(box, 'alice', alice, 'policy.get'), { result: { uid: alice } })
})

t.test('what others set for all links does not stay on ours, nor do ours touch theirs', { skip }, async (t) => {
  const bridge = box.sh('cd /sys/class/net; echo aeb*')
  box.sh(`
    ip link add br0 type bridge
    echo net.ipv6.conf.all.forwarding=1 >/etc/sysctl.d/99-sysctl.conf
    echo 1 >/proc/sys/net/ipv6/conf/${bridge}/accept_ra
    /usr/lib/systemd/systemd-sysctl`)
  const tell = (link: string): string => box.sh(`cd /proc/sys/net/ipv6/conf/${link}; cat forwarding accept_ra`)
  t.equal(tell(bridge), '0\n0')
  t.equal(tell('br0'), '1\n1')
})

t.test('nothing has failed in the end', { skip }, async (t) => {
  t.equal(box.sh('systemctl --failed --no-legend'), '')
})
