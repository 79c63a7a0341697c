/**
 * A tunnel as the product has it: bridge, taps and filter by the helper, tinc's configuration by the daemon's own code, and a
 * tincd of a plain user. What would be QEMU's end of a guest's tap is a cable here, put under that tap's filter.
 */
import { chownSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { generateKeys } from '../../../daemon/vpn/keys.ts'
import { slaacAddress } from '../../../daemon/vpn/prefix.ts'
import type { VpnRecord } from '../../../daemon/vpn/record.ts'
import { renderTinc, TUNNEL_MTU } from '../../../daemon/vpn/tinc/config.ts'
import { HostAddress, MacAddress, Prefix64, VpnHostName, VpnName } from '../../../policy/names.ts'
import { startHelper } from '../../helper/helper-process.ts'
import { UID } from '../taps.ts'
import { plug, type Side } from './pair.ts'
import { startTincd } from './tincd.ts'

interface Test {
  teardown(clean: () => unknown): unknown
}

const NETWORK = 'bench'
const PREFIX = Prefix64.parse('fd00:ae:0:1::/64')
const PORT = 50_000
const CREATED = '2025-01-01T00:00:00.000Z'

/** Answers the address of the second guest. */
export async function tunnelOfOurs(t: Test, sides: readonly [Side, Side], scratch: string): Promise<string> {
  const hosts = await Promise.all(
    sides.map(async ({ address, number }) => {
      const { publicKey, privateKey } = await generateKeys()
      return { peer: { name: VpnHostName.parse(`host${number}`), addresses: [HostAddress.parse(address)], port: PORT, publicKey }, privateKey }
    }),
  )
  const addresses: string[] = []
  for (const [index, side] of sides.entries()) {
    const { peer, privateKey } = hosts[index]!
    const { ensure, bridge } = await startLinks(t, side)
    const tunnel = await ensure('tunnel.ensure', { network: NETWORK })
    const record: VpnRecord = { version: 1, name: VpnName.parse(NETWORK), prefix: PREFIX, host: peer, peers: [hosts[1 - index]!.peer], keptWhile: 'asked', createdAt: CREATED }
    const folder = join(scratch, `ours-${side.number}`)
    mkdirSync(folder)
    chownSync(folder, UID, UID)
    for (const [name, { text, mode }] of renderTinc(record, { version: 1, privateKey, secret: '' }, tunnel)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), text, { mode })
      chownSync(join(folder, name), UID, UID)
    }
    startTincd(t, side, folder, String(UID))
    addresses.push(await plugGuest(side, bridge, ensure))
  }
  return addresses[1]!
}

type Ensure = (operation: string, params: object) => Promise<string>

async function startLinks(t: Test, { host }: Side): Promise<{ ensure: Ensure; bridge: string }> {
  const helper = await startHelper(t, host, { [UID]: { prefix: 'fd00:ae::/32' } })
  const ensure: Ensure = async (operation, params) => {
    const { result, error } = await helper.ask(UID, operation, params)
    if (!result) throw new Error(`${operation}: ${error?.message}`)
    return String(result['name'])
  }
  return { ensure, bridge: await ensure('bridge.ensure', { network: NETWORK }) }
}

/** Answers the guest's address, from which the filter lets it send. */
async function plugGuest(side: Side, bridge: string, ensure: Ensure): Promise<string> {
  const mac = MacAddress.parse(`52:54:00:00:00:0${side.number}`)
  const tap = await ensure('tap.ensure', { vm: 'benchvms', nic: 0, attach: { network: NETWORK }, mac })
  const address = slaacAddress(PREFIX, mac)
  plug(side, bridge, { name: 'ours', mac, mtu: TUNNEL_MTU, address: `${address}/64` })
  side.host.ask('nft', `add element bridge aetherscale ports { ours : jump ${tap} }`)
  return address
}
