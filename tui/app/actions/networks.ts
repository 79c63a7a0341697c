/** What can be done to private networks and VPNs: to the one under the cursor, or the one that is shown. */
import type { Context } from '../context.ts'
import { cursorKey } from '../model/list.ts'
import { currentView, pushView, type Notice, type State } from '../model/state.ts'
import { openCommand } from './navigate.ts'
import type { InvitationView } from '../model/views.ts'
import { screenOf } from '../screens/all.ts'
import { findNetwork } from '../screens/network/lines.ts'
import { networkRows, type NetworkRow } from '../screens/networks/rows.ts'

/** The one that an action is for now. */
export function chosenNetwork(state: State): NetworkRow | undefined {
  const view = currentView(state)
  if (view.screen === 'network') return findNetwork(view, state.world)
  if (view.screen !== 'networks') return undefined
  const key = cursorKey(view.list, screenOf(view).keys?.(view, state) ?? [])
  return networkRows(state.world)?.find((row) => row.key === key)
}

const say = ({ change }: Context, notice: Notice): void => change((state) => ({ ...state, notice }))

const withChosen = (act: (context: Context, row: NetworkRow) => void) => (context: Context) => {
  const row = chosenNetwork(context.get())
  if (row) act(context, row)
}

function remove(context: Context, row: NetworkRow): void {
  const { kind, name, vms } = row
  const called = kind === 'vpn' ? `VPN ${name}` : `network ${name}`
  if (vms.length > 0) return say(context, { kind: 'error', text: `${called} is in use by ${vms.join(', ')}`, hint: 'delete those VMs first' })
  const about = { label: `delete ${called}`, subject: name, done: () => `${called} is deleted` }
  const lines = kind === 'vpn' ? ['Its other hosts keep theirs, and this host among their peers.'] : ['No VM has an interface on it.']
  const run = ({ operate }: Context): void =>
    void (kind === 'vpn' ? operate('vpn.delete', { vpn: row.network.name }, about) : operate('network.delete', { network: row.network.name }, about))
  context.change((state) => ({ ...state, dialog: { title: `Delete ${called}?`, lines, confirm: 'Delete', focus: 'cancel', run } }))
}

function invite(context: Context, { kind, name }: NetworkRow): void {
  if (kind === 'vpn') void showInvitation(context, { vpn: name })
  else say(context, { kind: 'error', text: `${name} is a private network of this host alone`, hint: 'a VPN has other hosts: vpn create NAME' })
}

/** Makes a token, and shows it in a screen of its own. */
export async function showInvitation({ operate, get, change }: Context, params: { readonly vpn: string; readonly validSeconds?: number }): Promise<void> {
  const { vpn } = params
  const from = currentView(get()).screen
  const invitation = await operate('vpn.invite', params, { label: `invite to ${vpn}`, subject: vpn, done: () => `an invitation to ${vpn} is made` })
  // Who is somewhere else by then asks for another: it is not put over what they do.
  if (invitation) change((state) => (currentView(state).screen === from ? showToken(state, { vpn, ...invitation }) : state))
}

function showToken({ notice: _said, ...state }: State, invitation: Omit<InvitationView, 'screen' | 'top'>): State {
  return pushView(state, { screen: 'invitation', ...invitation, top: 0 })
}

export const networkActions = {
  'network.open': withChosen(({ change }, { kind, name }) => change((state) => pushView(state, { screen: 'network', kind, name, top: 0 }))),
  'network.delete': withChosen(remove),
  'network.invite': withChosen(invite),
  'network.create': openCommand('network create '),
}
