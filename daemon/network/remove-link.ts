/** Has a link of ours removed, without making it anybody's task for ever. */
import { UserError } from '../../policy/errors.ts'
import type { Logger } from '../log.ts'
import type { NetworkHelper } from './helper.ts'
import type { HostLinks } from './links.ts'
import type { LinkRemoval } from './requests.ts'

interface Dependencies {
  readonly helper: NetworkHelper
  readonly links: HostLinks
  readonly log: Logger
}

/**
 * Throws the helper's errors, but for two: if the allowlist no longer permits it, what is left is the admin's; if the
 * helper is away, perhaps for good, and the link is not there, nothing is left.
 */
export async function removeLink({ helper, links, log }: Dependencies, { operation, params }: LinkRemoval): Promise<void> {
  try {
    await helper.call(operation, params)
  } catch (error) {
    const reason = error instanceof UserError ? error.data.name : undefined
    const isThere = (): boolean =>
      operation === 'tap.delete' ? links.hasOwn('tap', `${params.vm}.${params.nic}`) : links.hasOwn('bridge', params.network)
    if (reason === 'NET_DENIED') log.warn({ ...params, err: error }, 'the helper may not remove a link that nothing wants')
    else if (reason !== 'NET_UNREACHABLE' || isThere()) throw error
  }
}
