/** Tells subscribers what the helper made of each request that was to change something. */
import type { Event } from '../../policy/api/events.ts'
import { UserError } from '../../policy/errors.ts'
import type { Operation, OperationParams } from '../../policy/privileged/operations.ts'
import type { EventBus } from '../events.ts'
import type { NetworkHelper } from './helper.ts'

type Decision = Pick<Extract<Event, { kind: 'helper.decided' }>, 'decision' | 'reason'>

/** What the helper answers with where the allowlist does not permit it, or not that many. */
const refusals: ReadonlySet<string> = new Set(['NET_DENIED', 'NET_QUOTA'])
const questions: ReadonlySet<Operation> = new Set<Operation>(['policy.get', 'link.list'])

/** The same helper. `nameOf` tells what people call a VM. */
export function tellDecisions(helper: NetworkHelper, events: EventBus, nameOf: (vm: string) => string | undefined): NetworkHelper {
  const subjectOf = (params: OperationParams<Operation>): string => {
    if ('network' in params) return params.network
    if (!('vm' in params)) return ''
    const name = nameOf(params.vm)
    return `${name === undefined ? params.vm : `${name} (${params.vm})`} nic ${params.nic}`
  }
  return {
    path: helper.path,
    async call(operation, params) {
      if (questions.has(operation)) return await helper.call(operation, params)
      const askedAt = performance.now()
      const tell = (made: Decision): void => {
        const durationMs = Math.round((performance.now() - askedAt) * 10) / 10
        events.emit({ kind: 'helper.decided', operation, subject: subjectOf(params), ...made, durationMs })
      }
      try {
        const result = await helper.call(operation, params)
        if ('changed' in result && result.changed) tell({ decision: 'granted' })
        return result
      } catch (error) {
        if (error instanceof UserError) tell({ decision: refusals.has(error.data.name) ? 'refused' : 'failed', reason: error.message })
        throw error
      }
    },
  }
}
