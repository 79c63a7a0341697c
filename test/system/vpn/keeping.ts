/** Who keeps a VPN: whoever asked for it, or the VMs on it. */
import type { Test } from 'tap'
import type { Vm } from '../../../policy/api/vm.ts'
import { VPN, type Scene } from './scene.ts'

const OTHER = 'temp'

export function itGoesWithTheLastVm(t: Test, { b: { alice } }: Scene): void {
  const links = alice.links().map(({ what }) => what)
  const units = (): string => alice.sh('ls .config/systemd/user')
  const before = units()
  const make = (name: string): Vm => alice.call('vm.create', { image: 'tiny', memoryMiB: 32, networks: [{ kind: 'vpn', name }] })
  const [one, two] = [make(OTHER), make(OTHER)]
  t.match(alice.call('vpn.get', { vpn: OTHER }), { keptWhile: 'used', prefix: /^fd5e:a1ce:/, tunnel: 'running', vms: [one.id, two.id] })
  t.equal(alice.refusal('vpn.delete', { vpn: OTHER }).name, 'VPN_IN_USE')
  alice.call('vm.delete', { vm: one.id })
  t.match(alice.call('vpn.get', { vpn: OTHER }), { vms: [two.id] })
  alice.call('vm.delete', { vm: two.id })
  t.equal(alice.refusal('vpn.get', { vpn: OTHER }).name, 'VPN_NOT_FOUND')
  t.same(alice.links().map(({ what }) => what), links, 'nothing of it is left')
  t.equal(units(), before)

  const third = make(VPN)
  alice.call('vm.delete', { vm: third.id })
  t.match(alice.call('vpn.get', { vpn: VPN }), { keptWhile: 'asked' })
}
