/** Two users of one host, each with a daemon and a socket of the network helper: what either has is the other's to neither see nor touch. */
import t from 'tap'
import type { Vm } from '../../policy/api/vm.ts'
import { operationResults } from '../../policy/privileged/results.ts'
import type { Answer } from '../helper/helper-process.ts'
import { lacksHosts, startHost, type Host } from './host-box.ts'
import { addTenant, unitOf, type Link, type Tenant } from './tenant.ts'
import { addImages } from './units/scene.ts'

t.setTimeout(600_000)

interface Party {
  readonly user: Tenant
  readonly guest: Vm
  readonly tap: Link
  readonly bridge: Link
}

/** A user with a VM on a private network; all that can be named is named alike. */
function moveIn(host: Host, name: string, image: string): Party {
  const user = addTenant(host, name, '--prefix fd5e:a1ce::/48')
  // others may come in as far as the user lets them, not only as far as this distribution does
  host.sh(`chmod 755 /home/${name}`)
  addImages(user, image)
  user.call('network.create', { name: 'lan', prefix: 'fd5e:a1ce:0:1::/64' })
  const guest = user.call('vm.create', { image: 'tiny', name: 'guest', memoryMiB: 96, networks: [{ kind: 'network', name: 'lan' }] })
  const find = (what: string): Link => user.links().find((link) => link.what === what)!
  return { user, guest, tap: find(`tap:${guest.id}.0`), bridge: find('bridge:lan') }
}

t.test('two principals on one host', { skip: lacksHosts() }, async (t) => {
  const host = await startHost(t, 't-principals')
  const image = await host.putTinyImage()
  const [alice, bob] = [moveIn(host, 'alice', image), moveIn(host, 'bob', image)]
  const attempt = (who: Tenant, line: string): { status: number | null; stderr: string } => host.as(who.name, ['sh', '-c', line])

  await t.test('neither is told of what is the other\'s', async (t) => {
    t.same(alice.user.call('vm.list', {}).vms.map(({ id }) => id), [alice.guest.id])
    t.same(bob.user.call('vm.list', {}).vms.map(({ id }) => id), [bob.guest.id])
    t.match(alice.user.refusal('vm.get', { vm: bob.guest.id }), { name: 'VM_NOT_FOUND' })
    t.match(alice.user.refusal('vm.delete', { vm: bob.guest.id }), { name: 'VM_NOT_FOUND' })
    t.match(alice.user.call('network.list', {}).networks, [{ name: 'lan', vms: [alice.guest.id] }])
    for (const { user, guest, bridge } of [alice, bob]) {
      const { links } = operationResults['link.list'].parse((user.helper('link.list') as Answer).result)
      t.same(links.map(({ key }) => key).sort(), ['lan', `${guest.id}.0`].sort())
      t.equal(links.find(({ key }) => key === `${guest.id}.0`)?.bridge, bridge.ifname)
    }
  })

  await t.test('no file, socket or unit of the other is reached', async (t) => {
    const home = '/home/bob'
    const runtime = `/run/user/${bob.user.uid}`
    const files = [
      `${home}/.local/share/aetherscale/disks/${bob.guest.id}.qcow2`,
      `${home}/.local/share/aetherscale/images/tiny.qcow2`,
      `${home}/.config/aetherscale/vm/${bob.guest.id}/vm.json`,
      `${home}/.config/aetherscale/daemon.json`,
      `${home}/.config/systemd/user/${unitOf(bob.guest)}`,
      `${home}/.local/state/aetherscale/vm/${bob.guest.id}/console.log`,
    ]
    for (const path of files) {
      t.equal(attempt(bob.user, `cat ${path}`).status, 0, `${path} is there`)
      t.match(attempt(alice.user, `cat ${path}`), { status: 1, stderr: /Permission denied/ }, path)
      t.not(attempt(alice.user, `echo x >>${path}`).status, 0, path)
    }
    const sockets = [
      `/run/aetherscale-net/${bob.user.uid}.sock`,
      ...['control', 'observe', `vm/${bob.guest.id}/qmp`, `vm/${bob.guest.id}/shutdown`].map((name) => `${runtime}/aetherscale/${name}.sock`),
      `${runtime}/systemd/private`,
    ]
    for (const path of sockets) {
      t.equal(attempt(bob.user, `test -S ${path}`).status, 0, `${path} is there`)
      t.match(attempt(alice.user, `socat -u OPEN:/dev/null UNIX-CONNECT:${path}`), { status: 1, stderr: /Permission denied/ }, path)
    }
    t.not(attempt(alice.user, `XDG_RUNTIME_DIR=${runtime} systemctl --user stop ${unitOf(bob.guest)}`).status, 0)
    t.not(attempt(alice.user, `XDG_RUNTIME_DIR=${runtime} DBUS_SESSION_BUS_ADDRESS=unix:path=${runtime}/bus systemctl --user stop ${unitOf(bob.guest)}`).status, 0)
    t.match(bob.user.call('vm.get', { vm: bob.guest.id }), { state: 'running', pid: bob.guest.pid })
  })

  await t.test('what the helper is asked for is the asker\'s own, whatever it is called', async (t) => {
    const links = bob.user.links()
    const indexes = (): string => host.sh(`cat /sys/class/net/${bob.tap.ifname}/ifindex /sys/class/net/${bob.bridge.ifname}/ifindex`)
    const before = indexes()
    const nic = { vm: bob.guest.id, nic: 0 }
    t.match(alice.user.helper('tap.delete', nic), { result: { changed: false } })
    t.match(alice.user.helper('tap.ensure', { ...nic, attach: { network: 'lan' }, mac: '52:54:00:00:00:01' }), { result: { changed: true } })
    const made = alice.user.links().find(({ what }) => what === `tap:${bob.guest.id}.0`)
    t.match(made, { master: alice.bridge.ifname })
    t.not(made?.ifname, bob.tap.ifname)
    t.match(alice.user.helper('tap.ensure', { ...nic, attach: { bridge: bob.bridge.ifname }, mac: '52:54:00:00:00:01' }), { error: { data: { name: 'INVALID_PARAMS' } } }, 'a bridge of the helper\'s is none that can be named')
    t.match(alice.user.helper('tap.delete', nic), { result: { changed: true } })
    t.match(alice.user.helper('ra.clear', { network: 'lan' }), { result: { changed: true } })
    t.match(bob.user.helper('link.list'), { result: { links: [{ kind: 'bridge', prefix: 'fd5e:a1ce:0:1::/64' }, {}] } })
    t.match(alice.user.helper('ra.set', { network: 'lan', prefix: 'fd5e:a1ce:0:1::/64' }), { result: { changed: true } })
    t.same(bob.user.links(), links)
    t.equal(indexes(), before)
  })

  await t.test('no signal reaches the other\'s processes', async (t) => {
    const daemon = bob.user.show('aetherscaled', 'MainPID')['MainPID']
    for (const pid of [daemon, bob.guest.pid]) {
      t.match(attempt(alice.user, `kill -KILL ${pid}`), { status: 1, stderr: /Operation not permitted/ })
      t.equal(attempt(bob.user, `kill -0 ${pid}`).status, 0)
    }
    t.match(bob.user.call('vm.get', { vm: bob.guest.id }), { state: 'running', pid: bob.guest.pid })
  })

  await t.test('networks of the same name and prefix are two, and nothing goes from one to the other', async (t) => {
    t.not(alice.bridge.ifname, bob.bridge.ifname)
    t.match([alice.tap, bob.tap], [{ master: alice.bridge.ifname, hasCarrier: true }, { master: bob.bridge.ifname, hasCarrier: true }])
    const addressOf = async ({ user, guest }: Party): Promise<string> => {
      const { addresses } = await user.vmOnce(guest.id, (vm) => vm.addresses.some(({ address }) => address.startsWith('fd5e:a1ce:0:1:')))
      return addresses.find(({ address }) => address.startsWith('fd5e:'))!.address
    }
    await addressOf(alice)
    const theirs = await addressOf(bob)
    const pings = [hostAddress(host, alice.bridge), theirs].map((address) => `ping -6 -I eth0 -c 2 -W 2 ${address}`)
    const log = `.local/state/aetherscale/vm/${alice.guest.id}/console.log`
    alice.user.type(alice.guest.id, pings.join('; '), `timeout 60 sh -c 'until [ $(grep -c "packets received" ${log}) -ge 2 ]; do sleep 0.2; done'`)
    const [, across] = alice.user.sh(`grep 'packets received' ${log}`).split('\n')
    t.match(across, / 0 packets received/, 'to the guest on the other')
    // the host answers no ping, but has been asked who it is
    const { mac } = alice.guest.networks[0]!
    t.match(host.sh(`ip -6 neigh show dev ${alice.bridge.ifname}`), mac, "what the guest sends reaches the host's end of its own network")
    t.notMatch(host.sh(`ip -6 neigh show dev ${bob.bridge.ifname}`), mac)
  })

  await t.test('the QEMU of one cannot open the other\'s tap', async (t) => {
    const open = (who: Tenant, tap: Link): ReturnType<typeof attempt> =>
      attempt(who, `echo quit | timeout 60 qemu-system-x86_64 -M none -display none -nodefaults -monitor stdio -netdev tap,id=n,ifname=${tap.ifname},script=no,downscript=no`)
    t.match(open(bob.user, bob.tap), { stderr: /busy/ }, 'while it is held not even its owner can')
    t.match(open(alice.user, bob.tap), { stderr: /Operation not permitted/ })
    bob.user.call('vm.stop', { vm: bob.guest.id, force: true })
    t.match(open(alice.user, bob.tap), { stderr: /Operation not permitted/ })
    t.match(open(bob.user, bob.tap), { status: 0 }, 'and when it is not, its owner can')
  })
})

/** What the host itself is on a bridge. */
function hostAddress(host: Host, { ifname }: Link): string {
  const [link] = (JSON.parse(host.sh(`ip -json -6 address show dev ${ifname} scope link`)) as { addr_info?: { local: string }[] }[]).filter(({ addr_info }) => addr_info)
  return link!.addr_info![0]!.local
}
