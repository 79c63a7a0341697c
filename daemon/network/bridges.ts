/** Brings private networks onto the host and off it, and knows what came of that last. */
import { UserError } from '../../policy/errors.ts'
import type { NetworkName } from '../../policy/names.ts'
import type { Logger } from '../log.ts'
import type { NetworkHelper } from './helper.ts'
import type { HostLinks } from './links.ts'
import type { NetworkRecord } from './record.ts'
import { removeLink } from './remove-link.ts'
import { networkRequests } from './requests.ts'

export interface Bridges {
  /** Has the bridge made and its prefix advertised. Throws the helper's errors. */
  ensure(record: NetworkRecord): Promise<void>
  /** Has the bridge removed, and its advertisements with it. Throws what {@link removeLink} throws. */
  remove(name: NetworkName): Promise<void>
  /** The bridge's name as the helper told it last, and why it was not made where that failed. */
  seen(name: string): { readonly bridge?: string; readonly failure?: string }
}

export function createBridges(helper: NetworkHelper, links: HostLinks, log: Logger): Bridges {
  const seen = new Map<string, { bridge?: string; failure?: string }>()
  return {
    async ensure(record) {
      try {
        for (const { operation, params } of networkRequests(record)) {
          const { name: bridge } = await helper.call(operation, params)
          seen.set(record.name, { bridge })
        }
      } catch (error) {
        if (error instanceof UserError) seen.set(record.name, { ...seen.get(record.name), failure: error.message })
        throw error
      }
    },
    async remove(name) {
      await removeLink({ helper, links, log }, { operation: 'bridge.delete', params: { network: name } })
      seen.delete(name)
    },
    seen: (name) => seen.get(name) ?? {},
  }
}
