/** Takes the bridge of a private network or VPN off the host. */
import { UserError } from '../../policy/errors.ts'
import type { Bridges } from './bridges.ts'
import { sweepTaps, type SweepDependencies } from './sweep.ts'

/** To be called where no VM is on it, so that a tap that is was left behind. Throws what {@link Bridges.remove} throws. */
export async function removeBridge(deps: SweepDependencies & { readonly bridges: Bridges }, name: string): Promise<void> {
  try {
    await deps.bridges.remove(name)
  } catch (error) {
    if (!(error instanceof UserError) || error.data.name !== 'NET_IN_USE') throw error
    await sweepTaps(deps, (await deps.helper.call('link.list', {})).links)
    await deps.bridges.remove(name)
  }
}
