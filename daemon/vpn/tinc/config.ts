/** tincd's configuration (tinc.conf(5), of tinc 1.0). Pure: the record decides, and its grammars see to it that a value is one word. */
import type { PeerRecord, VpnRecord, VpnSecrets } from '../record.ts'

/**
 * The MTU of guests on a VPN, in octets: what they send is to cross in one UDP datagram each, unfragmented.
 *
 * Of an outer packet of 1500, IPv6 and UDP take 40 + 8 (IPv4: 20 + 8) and tinc 16 for the MAC; the rest holds a whole
 * number of cipher blocks of 16, of which the number of the packet takes 4, padding at least 1 and the Ethernet header
 * 14. That leaves 1405 over IPv6, which tincd 1.0.36 measures as well (a `pmtu` of 1419 with
 * the Ethernet header), and 1437 over IPv4. 1400 also crosses an uplink of 1492, as PPPoE has it. Where an uplink takes less still, tincd
 * fragments IPv4 and answers "packet too big" to IPv6.
 */
export const TUNNEL_MTU = 1400

const OWNER_ONLY = 0o600
export interface ConfigFile {
  readonly text: string
  readonly mode: typeof OWNER_ONLY
}

/**
 * All files of the folder given to `tincd --config`, by their path in it; a file in its `hosts` that is not among them is of
 * no peer any more and has to go. At SIGHUP tincd ends the connection to each host whose file was written since the last one,
 * so what has not changed is not to be written. It does not take its own port, key and tap anew; it has to be restarted for those.
 *
 * @param ifname - the tap, made for the user that tincd runs as
 */
export function renderTinc(record: VpnRecord, secrets: VpnSecrets, ifname: string): ReadonlyMap<string, ConfigFile> {
  const reachable = record.peers.filter(({ addresses }) => addresses.length > 0)
  const main = [
    ['Name', record.host.name],
    ['DeviceType', 'tap'],
    ['Device', '/dev/net/tun'],
    ['Interface', ifname],
    ['Mode', 'switch'],
    ['AddressFamily', 'any'],
    // From the last word of a host that is gone to its connection's end: an interval and a timeout, so 10 s and a bit.
    ['PingInterval', '5'],
    ['PingTimeout', '5'],
    // Tries come 5 s further apart each; a host that is back is not to be waited for for the 15 min that are tinc's most.
    ['MaxTimeout', '10'],
    ...reachable.map(({ name }) => ['ConnectTo', name]),
  ]
  const own = [
    ['Port', String(record.host.port)],
    // How packets to this host are protected. CBC is the mode of a cipher that tinc 1.0 is made for (tinc.conf(5), Cipher).
    // Its own MAC of 4 octets can be guessed in 2^32 packets, minutes of a fast link; 16 cost no time that can be measured.
    ['Cipher', 'aes-256-cbc'],
    ['Digest', 'sha256'],
    ['MACLength', '16'],
    // most of what guests send is encrypted or compressed already
    ['Compression', '0'],
  ]
  const peerLines = ({ addresses, port }: PeerRecord): string[][] => [
    ...addresses.map((address) => ['Address', `${address} ${port}`]),
    ['Port', String(port)],
  ]
  const files: [path: string, text: string][] = [
    ['tinc.conf', assignments(main)],
    ['rsa_key.priv', secrets.privateKey],
    [`hosts/${record.host.name}`, `${assignments(own)}\n${record.host.publicKey}`],
    ...record.peers.map((peer): [string, string] => [`hosts/${peer.name}`, `${assignments(peerLines(peer))}\n${peer.publicKey}`]),
  ]
  return new Map(files.map(([path, text]) => [path, { text, mode: OWNER_ONLY }]))
}

const assignments = (lines: readonly (readonly string[])[]): string => lines.map((line) => `${line.join(' = ')}\n`).join('')
