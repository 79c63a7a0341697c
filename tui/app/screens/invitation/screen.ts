/** A token that lets other hosts into a VPN: shown once, and kept nowhere. */
import type { InvitationView } from '../../model/views.ts'
import type { Line } from '../../text/line.ts'
import { emptyLine, prose } from '../../text/lines.ts'
import { textScreen } from '../text-screen.tsx'

export const invitationScreen = textScreen<InvitationView>({
  title: ({ vpn }) => `invitation to ${vpn}`,
  lines: (view, _state, { columns }) => invitationLines(view, columns),
})

/** Pure. The token is cut wherever a line ends: blanks and newlines in it are no part of it. */
export function invitationLines({ vpn, token, expiresAt }: InvitationView, width: number): Line[] {
  return [
    ...prose(`A secret: whoever has this token can join ${vpn}, until ${expiresAt}. It is gone when this screen is left.`, width, 'warning'),
    emptyLine,
    ...(token.match(new RegExp(`.{1,${width}}`, 'g')) ?? []).map((text): Line => [{ text }]),
    emptyLine,
    ...prose('On the other host run this, paste the token, press enter and ctrl-d:', width),
    ...prose('  aetherscale vpn join -', width, 'key'),
    ...prose(`It prints an answer, for this host and the other ones of ${vpn}; run there likewise:`, width),
    ...prose('  aetherscale vpn accept -', width, 'key'),
    emptyLine,
    ...prose('From a shell, where nobody sees a token:', width),
    ...prose(`  aetherscale vpn invite ${vpn} | ssh HOST aetherscale vpn join - |`, width, 'key'),
    ...prose('  aetherscale vpn accept -', width, 'key'),
  ]
}
