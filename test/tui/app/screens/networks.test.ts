import t from 'tap'
import { withVms } from '../../../../tui/app/model/world.ts'
import { invitationLines } from '../../../../tui/app/screens/invitation/screen.ts'
import { networksView } from '../../../../tui/app/screens/networks/screen.ts'
import { filterNetworks, networkRows, reachOf } from '../../../../tui/app/screens/networks/rows.ts'
import { makeNetwork, makePeer, makeVpn } from '../../../inputs/networks.ts'
import { makeVm } from '../../../inputs/vms.ts'
import { matchPictures } from '../picture.ts'
import { makeState, makeWorld } from '../screen.tsx'

const onLan = { kind: 'network', mac: '52:54:00:00:00:11', name: 'lan', addresses: [], address: 'fde7:2361:234a:1:5054:ff:fe00:11', confirmed: true }
const onBlue = { kind: 'vpn', mac: '52:54:00:00:00:12', name: 'blue', addresses: [], address: 'fde7:2361:234a:b:5054:ff:fe00:12', confirmed: false }
const vms = [makeVm(0, { name: 'web' as never, networks: [onLan, onBlue] as never }), makeVm(2, { name: 'db' as never, networks: [{ ...onLan, mac: '52:54:00:00:00:13', address: 'fde7:2361:234a:1:5054:ff:fe00:13', confirmed: false }] as never })]
const [web, db] = vms.map(({ id }) => id)

const world = withVms(
  makeWorld({
    networks: {
      items: [
        makeNetwork('lan', { vms: [web, db] }),
        makeNetwork('dark', { prefix: undefined, bridge: undefined, problem: 'the helper does not answer: its socket is not there' }),
      ],
    },
    vpns: {
      items: [
        makeVpn('blue', { vms: [web], peers: ['hostb', 'hostc'] }),
        makeVpn('green', { peers: ['hostd'], tunnel: 'stopped', pid: undefined, problem: 'tincd does not run: Address already in use' }),
      ],
    },
    peers: {
      items: new Map([
        ['blue', [makePeer('hostb', { addresses: ['203.0.113.9', '2001:db8::9'] }), makePeer('hostc', { addresses: [], reachable: false })]],
        ['green', [makePeer('hostd', { reachable: undefined })]],
      ]),
    },
  }),
  vms,
)

t.test('private networks and VPNs in one list', async (t) => {
  await matchPictures(t, 'networks', makeState({ world, stack: [{ ...networksView, list: { ...networksView.list, cursor: 'network:dark' } }] }))
})

t.test('no network yet', async (t) => {
  await matchPictures(t, 'networks-none', makeState({ world: { ...world, networks: { items: [] }, vpns: { items: [] } }, stack: [networksView] }))
})

t.test('who is on a VPN', async (t) => {
  await matchPictures(t, 'network-vpn', makeState({ world, stack: [networksView, { screen: 'network', kind: 'vpn', name: 'blue', top: 0 }] }))
})

t.test('who is on a private network', async (t) => {
  await matchPictures(t, 'network-private', makeState({ world, stack: [networksView, { screen: 'network', kind: 'network', name: 'lan', top: 0 }] }))
})

const token = 'aetherscale1invite.'.padEnd(500, 'Zm9vYmFy')
const invitation = { screen: 'invitation', vpn: 'blue', token, expiresAt: '2026-03-02T12:00:00.000Z', top: 0 } as const

t.test('an invitation', async (t) => {
  await matchPictures(t, 'invitation', makeState({ world, stack: [networksView, invitation] }))
})

t.test('an invitation has the whole token, in whatever width', async (t) => {
  for (const width of [20, 60, 80, 499, 600]) {
    const text = invitationLines(invitation, width).map((line) => line.map((part) => part.text).join('')).join('')
    t.ok(text.includes(token), `${width} columns`)
  }
})

t.test('of the peers those are counted that tincd says it reaches', async (t) => {
  const reach = Object.fromEntries(networkRows(world)!.map((row) => [row.name, reachOf(row)]))
  t.same(reach, { blue: '1/2', dark: '', green: '?/1', lan: '' })
})

t.test('a filter finds networks by whatever stands in their row', async (t) => {
  const found = (filter: string): string[] => filterNetworks(networkRows(world)!, { ...networksView, list: { ...networksView.list, filter } }).map(({ name }) => name)
  t.same(found('web'), ['blue', 'lan'])
  t.same(found('VPN'), ['blue', 'green'])
  t.same(found('234a:1 db'), ['lan'])
  t.same(found('address use'), ['green'])
})

t.test('a network and a VPN of the same name are two rows', async (t) => {
  const twins = { ...world, networks: { items: [makeNetwork('twin')] }, vpns: { items: [makeVpn('twin')] } }
  t.same(networkRows(twins)!.map(({ key }) => key), ['network:twin', 'vpn:twin'])
})
