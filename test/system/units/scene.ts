/** What the tests of units share: a host, a user with a daemon, and VMs that are cheap because they boot nothing. */
import type { ParamsInput, Result } from '../../../policy/api/index.ts'
import type { Vm } from '../../../policy/api/vm.ts'
import type { Host } from '../host-box.ts'
import { addTenant, unitOf, type Tenant } from '../tenant.ts'

export interface Scene {
  readonly host: Host
  readonly alice: Tenant
  /** A VM that boots the tiny image, on the private network `lan`, to start with the host. */
  readonly guest: Vm
  /** Makes a VM whose disk is empty. */
  make(params?: Partial<ParamsInput<'vm.create'>>): Result<'vm.create'>
  /** The text of a VM's unit. */
  read(vm: Vm): string
  /** Puts settings of [Service] beside a VM's unit. */
  dropIn(vm: Vm, settings: string): void
  /** SIGKILL to a VM's QEMU. */
  crash(vm: Pick<Vm, 'id'>): void
  /** The pid of a VM's QEMU, as the kernel has it; empty without one. */
  pidOf(vm: Pick<Vm, 'id'>): string
}

export const UNITS = '.config/systemd/user'

export async function setScene(host: Host): Promise<Scene> {
  const image = await host.putTinyImage()
  const alice = addTenant(host, 'alice', '--prefix fd5e:a1ce::/48')
  addImages(alice, image)
  alice.call('network.create', { name: 'lan', prefix: 'fd5e:a1ce:0:1::/64' })
  const networks = [{ kind: 'network', name: 'lan' } as const]
  const guest = alice.call('vm.create', { image: 'tiny', name: 'guest', memoryMiB: 96, networks, autostart: true })
  const scene: Scene = {
    host,
    alice,
    guest,
    make: (params) => alice.call('vm.create', { image: 'blank', memoryMiB: 32, ...params }),
    read: ({ id }) => alice.sh(`cat ${UNITS}/${unitOf({ id })}`),
    dropIn(vm, settings) {
      const folder = `${UNITS}/${unitOf(vm)}.d`
      alice.sh(`mkdir -p ${folder}; printf '[Service]\\n${settings}\\n' >${folder}/mine.conf`)
    },
    crash: (vm) => void host.sh(`kill -KILL ${scene.pidOf(vm)}`),
    pidOf: ({ id }) => host.sh(`pgrep -x qemu-${id} || true`),
  }
  return scene
}

/** The tiny image, and one of a disk with nothing on it. */
export function addImages(user: Tenant, tiny: string): void {
  user.sh(`qemu-img create -q -f qcow2 blank.qcow2 8M`)
  user.call('image.import', { path: tiny, name: 'tiny' })
  user.call('image.import', { path: `/home/${user.name}/blank.qcow2` })
}
