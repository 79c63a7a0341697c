/** A daemon whose folders have names that would mean something to systemd, to a shell or to QEMU. */
import type { Test } from 'tap'
import type { Host } from '../host-box.ts'
import { addTenant, unitOf } from '../tenant.ts'
import { addImages } from './scene.ts'

const ODD = `it's "100%" $HOME, a:b\\c`

const FOLDERS = { BASE_IMAGE_FOLDER: 'images', USER_IMAGE_FOLDER: 'disks', CONFIG_DIR: 'config', AETHERSCALE_LOG_DIR: 'logs' }

export async function areNoMatter(t: Test, host: Host): Promise<void> {
  const bob = addTenant(host, 'bob')
  const runtime = `/run/user/${bob.uid}/${ODD}`
  const settings = [...Object.entries(FOLDERS).map(([name, folder]) => `${name}=/home/bob/${ODD}/${folder}`), `AETHERSCALE_SOCKET_DIR=${runtime}`]
  const dropIn = ['[Service]', ...settings.map((setting) => `Environment=${JSON.stringify(setting.replaceAll('%', '%%'))}`)].join('\n')
  const script = `
    mkdir -p "$1/images" "$1/config" .config/systemd/user/aetherscaled.service.d
    echo "{\\"serviceManager\\":\\"systemd\\",\\"sockets\\":\\"$XDG_RUNTIME_DIR/aetherscale\\"}" >"$1/config/daemon.json"
    printf '%s\\n' "$2" >.config/systemd/user/aetherscaled.service.d/odd.conf
    systemctl --user daemon-reload; systemctl --user restart aetherscaled
    until aetherscale info >/dev/null 2>&1; do sleep 0.1; done`
  const { stderr } = host.as('bob', ['bash', '-ec', script, 'bash', ODD, dropIn])
  t.equal(stderr, '')
  t.match(bob.call('system.info', {}), { folders: { config: `/home/bob/${ODD}/config`, runtime } })

  addImages(bob, '/home/bob/blank.qcow2')
  bob.call('network.create', { name: 'lan' })
  const vm = bob.call('vm.create', { image: 'blank', memoryMiB: 32, networks: [{ kind: 'network', name: 'lan' }], autostart: true })
  const [tap] = bob.links().filter(({ what }) => what === `tap:${vm.id}.0`)
  t.match(vm, { state: 'running', unit: { state: 'generated', isolated: true } })
  t.match(tap, { hasCarrier: true })
  bob.call('vm.stop', { vm: vm.id, force: true })

  host.sh(`ip link delete ${tap?.ifname}`)
  bob.sh(`systemctl --user start ${unitOf(vm)}`)
  await bob.vmOnce(vm.id, ({ state }) => state === 'running')
  t.match(bob.links().find(({ what }) => what === `tap:${vm.id}.0`), { ifname: tap?.ifname, hasCarrier: true }, 'the unit of its taps finds its record')

  bob.sh(`systemctl --user stop --no-block ${unitOf(vm)}`)
  const asked = await host.until("pgrep -f '^/usr/lib/aetherscale/node .*powerdown' || true", (pid) => pid !== '')
  t.equal(host.sh(`tr '\\0' '\\n' </proc/${asked}/cmdline | sed -n 3p`), `${runtime}/vm/${vm.id}/shutdown.sock`)
  bob.call('vm.delete', { vm: vm.id })
  t.equal(host.sh(`find /home/bob /run/user/${bob.uid} -name '*${vm.id}*' 2>/dev/null || true`), '')
  t.same(bob.links().map(({ what }) => what), ['bridge:lan'])
}
