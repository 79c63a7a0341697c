/** Hosts in boxes on one wire: an Ethernet segment in a network namespace of the test's own, with nothing else on it. */
import { openNamespace, type Namespace } from '../../helper/namespace.ts'
import { startHost, type Host } from '../host-box.ts'

interface Test {
  teardown(clean: () => unknown): unknown
}

const BRIDGE = 'wire'
/** Of the box; nspawn's own name for the end of a virtual cable. */
const INTERFACE = 'host0'

/** Addresses as an admin gives them, there at each boot; the wire is no one's default route. */
const ADDRESS_UNIT = (addresses: readonly string[]): string => `[Unit]
Description=addresses on the wire
Before=network.target
[Service]
Type=oneshot
RemainAfterExit=yes
${addresses.map((address) => `ExecStart=/usr/sbin/ip address add ${address} dev ${INTERFACE}${address.includes(':') ? ' nodad' : ''}`).join('\n')}
ExecStart=/usr/sbin/ip link set ${INTERFACE} up
[Install]
WantedBy=multi-user.target
`

export interface WiredHost extends Host {
  readonly address: string
}

/** A wire without hosts. A program in it can have `address` there. */
export async function layWire(t: Test, address?: string): Promise<Namespace> {
  const wire = await openNamespace(t)
  wire.ask('ip', 'link', 'add', BRIDGE, 'up', 'type', 'bridge')
  if (address !== undefined) wire.ask('ip', 'address', 'add', `${address}/24`, 'dev', BRIDGE)
  return wire
}

/** As many hosts as there are names, with our package and nothing set up, and 10.99.0.N and fd99::N. */
export async function openWire(t: Test, names: readonly string[], wire?: Namespace): Promise<WiredHost[]> {
  const { pid } = wire ?? (await layWire(t))
  const hosts: WiredHost[] = []
  for (const [index, name] of names.entries()) {
    const host = await startHost(t, name, { wiredTo: pid, nspawn: [`--network-bridge=${BRIDGE}`] })
    const address = `10.99.0.${index + 1}`
    const unit = ADDRESS_UNIT([`${address}/24`, `fd99::${index + 1}/64`])
    host.sh(`cat >/etc/systemd/system/wire.service <<'END'\n${unit}END\nsystemctl enable --quiet --now wire.service`)
    hosts.push({ ...host, address })
  }
  return hosts
}
