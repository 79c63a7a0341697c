/** Brings private networks, those of VPNs among them, onto the host and off it, and knows what came of that last. */
import { UserError } from '../../policy/errors.ts'
import type { Logger } from '../log.ts'
import type { NetworkHelper } from './helper.ts'
import type { HostLinks } from './links.ts'
import { removeLink } from './remove-link.ts'
import type { BridgeRequest } from './requests.ts'

export interface Bridges {
  /** Has all made that a network or VPN needs of the host; the name of the last link, as the helper told it. Throws the helper's errors. */
  ensure(name: string, requests: readonly BridgeRequest[]): Promise<string>
  /** Has the bridge removed, and its advertisements with it. Throws what {@link removeLink} throws. */
  remove(name: string): Promise<void>
  /** The bridge's name as the helper told it last, and why it was not made where that failed. */
  seen(name: string): { readonly bridge?: string; readonly failure?: string }
}

export function createBridges(helper: NetworkHelper, links: HostLinks, log: Logger): Bridges {
  const seen = new Map<string, { bridge?: string; failure?: string }>()
  return {
    async ensure(name, requests) {
      let link = ''
      try {
        for (const { operation, params } of requests) {
          link = (await helper.call(operation, params)).name
          if (operation === 'bridge.ensure') seen.set(name, { bridge: link })
        }
      } catch (error) {
        if (error instanceof UserError) seen.set(name, { ...seen.get(name), failure: error.message })
        throw error
      }
      return link
    },
    async remove(name) {
      await removeLink({ helper, links, log }, { operation: 'bridge.delete', params: { network: name } })
      seen.delete(name)
    },
    seen: (name) => seen.get(name) ?? {},
  }
}
