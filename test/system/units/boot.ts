/** A boot of the host, with a daemon that does not come up. */
import type { Test } from 'tap'
import { unitOf } from '../tenant.ts'
import type { Scene } from './scene.ts'

export async function comesUpAlone(t: Test, { host, alice, guest, make, dropIn, pidOf }: Scene): Promise<void> {
  alice.call('vm.start', { vm: guest.id })
  const other = make({ networks: [{ kind: 'network', name: 'lan' }], start: false, autostart: true })
  alice.call('vm.set', { vm: other.id, autostart: false })
  // it boots nothing that could be asked to power down
  dropIn(other, 'ExecStop=')
  alice.call('vm.start', { vm: other.id })
  const before = host.sh('cat /proc/sys/kernel/random/boot_id')
  alice.sh('systemctl --user disable --now aetherscaled')
  host.reboot()
  t.not(host.sh('cat /proc/sys/kernel/random/boot_id'), before)

  t.equal(alice.show('aetherscaled', 'ActiveState')['ActiveState'], 'inactive')
  const pid = await host.until(`pgrep -x qemu-${guest.id} || true`, (text) => text !== '')
  const links = alice.links()
  const bridge = links.find(({ what }) => what === 'bridge:lan')
  t.match(links.find(({ what }) => what === `tap:${guest.id}.0`), { hasCarrier: true, master: bridge?.ifname })
  t.equal(links.some(({ what }) => what === `tap:${other.id}.0`), false)
  t.equal(pidOf(other), '')

  alice.sh('systemctl --user enable --now aetherscaled; until aetherscale info >/dev/null 2>&1; do sleep 0.1; done')
  const vm = await alice.vmOnce(guest.id, ({ addresses }) => addresses.some(({ address }) => address.startsWith('fd5e:a1ce:0:1:')))
  t.match(vm, { state: 'running', pid: Number(pid), unit: { state: 'generated' } })
  t.match(alice.call('vm.get', { vm: other.id }), { state: 'stopped' })
  t.match(alice.show(unitOf(guest), 'NRestarts'), { NRestarts: '0' })
  for (const { id } of [guest, other]) alice.call('vm.delete', { vm: id })
}
