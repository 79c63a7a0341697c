/** Interfaces of a VM: as they are asked for, and as it has them. */
import * as z from 'zod'
import { BridgeName, GuestIp, MacAddress, NetworkName, PortForward, VpnName } from '../names.ts'

const moreAddresses = z
  .array(GuestIp)
  .max(8)
  .default([])
  .describe('Addresses that the guest may use there besides the IPv6 ones that follow from its MAC address (EUI-64): from any other, nothing of it arrives')

/** One interface of a VM as asked for. A union by `kind`, so that further kinds of network find their place. */
export const NetworkRequest = z
  .discriminatedUnion('kind', [
    z
      .strictObject({
        kind: z.literal('user'),
        forwards: z.array(PortForward).max(64).default([]).describe('Ports of the host that lead into the guest'),
      })
      .describe(
        "QEMU's own NAT: needs no privilege; nothing reaches in but the forwards; the guest reaches out as the daemon's " +
          "user does, so also the host's own loopback, as 10.0.2.2",
      ),
    z
      .strictObject({ kind: z.literal('bridge'), bridge: BridgeName.describe('As the allowlist names it') })
      .describe("A bridge that the host's admin made: the VM is a host on that network"),
    z
      .strictObject({ kind: z.literal('network'), name: NetworkName.describe('As network.create made it'), addresses: moreAddresses })
      .describe('A private network: the VMs on it reach each other'),
    z
      .strictObject({ kind: z.literal('vpn'), name: VpnName.describe('As vpn.create or vpn.join made it; made if there is none, and removed then with the last VM on it'), addresses: moreAddresses })
      .describe('A private network that reaches over any number of hosts'),
  ])
  .meta({ id: 'NetworkRequest' })
export type NetworkRequest = z.infer<typeof NetworkRequest>

const onPrivate = {
  addresses: z.array(GuestIp).describe('That the guest may use besides'),
  address: z.string().optional().describe("What the guest makes itself of the network's prefix and its MAC address (SLAAC, EUI-64); absent without a prefix"),
  confirmed: z.boolean().describe('Whether the guest agent has told that address'),
}

/** One interface that a VM has. */
export const VmNetwork = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('user'), mac: MacAddress, forwards: z.array(PortForward) }),
    z.object({ kind: z.literal('bridge'), mac: MacAddress, bridge: BridgeName }),
    z.object({ kind: z.literal('network'), mac: MacAddress, name: NetworkName, ...onPrivate }),
    z.object({ kind: z.literal('vpn'), mac: MacAddress, name: VpnName, ...onPrivate }),
  ])
  .meta({ id: 'VmNetwork' })
