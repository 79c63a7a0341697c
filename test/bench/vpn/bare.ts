/** The same way without a tunnel: one segment of bridges and a cable. */
import { layCable, plug, type Side } from './pair.ts'

const BRIDGE = 'no-tunnel'

/** Answers the address of the second guest. */
export function noTunnel(sides: readonly [Side, Side]): string {
  layCable(sides, 'bare')
  for (const side of sides) {
    side.host.ask('ip', 'link', 'add', BRIDGE, 'up', 'type', 'bridge')
    side.host.ask('ip', 'link', 'set', 'bare', 'master', BRIDGE)
    plug(side, BRIDGE, { name: 'plain', address: `fd00:2::${side.number}/64` })
  }
  return 'fd00:2::2'
}
