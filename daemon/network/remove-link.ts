/** Has a link of ours removed, without making it anybody's task for ever. */
import { UserError } from '../../policy/errors.ts'
import type { Logger } from '../log.ts'
import type { NetworkHelper } from './helper.ts'
import type { HostLinks } from './links.ts'
import { tunnelKey, type LinkRemoval } from './requests.ts'

interface Dependencies {
  readonly helper: NetworkHelper
  readonly links: HostLinks
  readonly log: Logger
}

/**
 * Throws the helper's errors, but for two: if the allowlist does not permit it any more, what is left is the admin's; if
 * nothing is to be had of the helper, as long as it is away or its allowlist counts for nothing, and the link is not there,
 * nothing is left.
 */
export async function removeLink({ helper, links, log }: Dependencies, { operation, params }: LinkRemoval): Promise<void> {
  try {
    await helper.call(operation, params)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const { name } = error.data
    const isThere = (): boolean => {
      switch (operation) {
        case 'tap.delete':
          return links.nameOf('tap', `${params.vm}.${params.nic}`) !== undefined
        case 'tunnel.delete':
          return links.nameOf('tap', tunnelKey(params.network)) !== undefined
        case 'bridge.delete':
          return links.nameOf('bridge', params.network) !== undefined
      }
    }
    if (name === 'NET_UNREACHABLE' || isAllowlistBroken(error)) {
      if (isThere()) throw error
    } else if (name === 'NET_DENIED') log.warn({ ...params, err: error }, 'the helper may not remove a link that nothing wants')
    else throw error
  }
}

/**
 * An allowlist that cannot be read will be mended, and then permits again what it did. The helper tells it from one that
 * does not name us by its words alone (`readAllowlist` in helper/allowlist.ts); a test holds the two together.
 */
export function isAllowlistBroken({ data, message }: UserError): boolean {
  return data.name === 'NET_DENIED' && message.startsWith('Everything is denied: ')
}
