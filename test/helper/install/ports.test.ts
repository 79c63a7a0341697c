/** What the kernel gives to who asks for any port, where the host has our settings: in a namespace of the test's own. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { VPN_PORTS } from '../../../policy/api/vpn.ts'
import { openNamespace } from '../namespace.ts'

const SYSCTL = '/usr/lib/systemd/systemd-sysctl'
const file = fileURLToPath(new URL('../../../helper/install/ports.conf', import.meta.url))
/** Two ports on either side of those of VPNs. */
const [first, last] = [VPN_PORTS.first - 2, VPN_PORTS.last + 2]
const ASK = `const ports = []; for (let count = 0; count < 4; count += 1) { const socket = require('node:dgram').createSocket('udp4')
  socket.bind(0, '127.0.0.1', () => { ports.push(socket.address().port); if (ports.length === 4) { console.log(JSON.stringify(ports)); process.exit() } }) }`

t.test('nobody who asks for any port gets one of those of VPNs', { skip: !existsSync(SYSCTL) && 'there is no systemd here' }, async (t) => {
  const namespace = await openNamespace(t)
  namespace.ask('sh', '-c', `echo ${first} ${last} >/proc/sys/net/ipv4/ip_local_port_range`)
  namespace.ask(SYSCTL, file)
  const ports = JSON.parse(namespace.ask(process.execPath, '-e', ASK)) as number[]
  t.same(ports.toSorted(), [first, first + 1, last - 1, last])
})
