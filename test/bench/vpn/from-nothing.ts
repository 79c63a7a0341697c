/** From two hosts that were set up to the first ping between guests of theirs, beside the same guests on a network of each host. */
import type { ParamsInput } from '../../../policy/api/index.ts'
import type { Vm } from '../../../policy/api/vm.ts'
import { addTenant, type Tenant } from '../../system/tenant.ts'
import { openWire, type WiredHost } from '../../system/vpn/wire.ts'
import { time, type Row } from '../measure.ts'

interface Test {
  teardown(clean: () => unknown): unknown
}

type Network = NonNullable<ParamsInput<'vm.create'>['networks']>[number]
const NAME = 'bench'

export async function fromNothing(t: Test): Promise<Row[]> {
  const hosts = await openWire(t, ['b-vpn-a', 'b-vpn-b'])
  const [one, two] = [await setUp(hosts[0]!), await setUp(hosts[1]!)]
  const alone = await time(() => {
    one.call('network.create', { name: NAME, prefix: 'fd5e:a1ce:0:1::/64' })
    two.call('network.create', { name: NAME, prefix: 'fd5e:a1ce:0:2::/64' })
    return addressOfBoth(one, two, { kind: 'network', name: NAME })
  })
  for (const { call } of [one, two]) {
    call('vm.delete', { vm: NAME })
    call('network.delete', { network: NAME })
  }
  const joined = await time(async () => {
    one.call('vpn.create', { name: NAME, hostName: 'one' })
    const { answer } = two.call('vpn.join', { token: one.call('vpn.invite', { vpn: NAME }).token, hostName: 'two' })
    one.call('vpn.accept', { answer })
    const address = await addressOfBoth(one, two, { kind: 'vpn', name: NAME })
    const command = ['sh', '-c', `until ping -6 -c 1 -W 1 ${address}; do :; done`]
    one.call('vm.exec', { vm: NAME, command })
  })
  return [
    {
      what: 'from nothing to a ping from host to host, to guests with addresses on a network of each host',
      ours: `${(joined / 1000).toFixed(1)} s`,
      baseline: `${(alone / 1000).toFixed(1)} s`,
      value: joined / alone,
      unit: '×',
    },
  ]
}

async function setUp(host: WiredHost): Promise<Tenant> {
  const image = await host.putTinyImage()
  const alice = addTenant(host, 'alice', '--prefix fd5e:a1ce::/48')
  alice.call('image.import', { path: image, name: 'tiny' })
  return alice
}

/** Makes a guest on each host, and waits until both have their addresses; answers the second one's. */
async function addressOfBoth(one: Tenant, two: Tenant, network: Network): Promise<string> {
  const guests = [one, two]
  for (const { call } of guests) call('vm.create', { image: 'tiny', name: NAME, memoryMiB: 96, networks: [network] })
  const addresses: string[] = []
  for (const { vmOnce } of guests) addresses.push(addressOf(await vmOnce(NAME, (vm) => addressOf(vm) !== '')))
  return addresses[1]!
}

/** Empty until the guest has told it. */
function addressOf({ networks: [network] }: Vm): string {
  return network && 'confirmed' in network && network.confirmed ? (network.address ?? '') : ''
}
