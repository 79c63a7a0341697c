/** What this client has the daemon do: among the operations from the question to the answer, and then a notice. */
import type { Context, Link } from '../context.ts'
import { withOutcome, type Notice, type State } from '../model/state.ts'
import type { Store } from '../model/store.ts'
import type { Operation } from '../model/world.ts'

export function createOperate(link: Link, store: Store): Context['operate'] {
  let lastId = 0
  return async (method, params, { label, subject, done, failed }) => {
    const id = ++lastId
    const withOperations = (state: State, step: (operations: readonly Operation[]) => readonly Operation[]): State => ({ ...state, world: { ...state.world, operations: step(state.world.operations) } })
    const begun: Operation = { id, method, label, ...(subject !== undefined && { subject }), startedAt: Date.now() }
    const end = (notice: Notice): void => store.change((state) => withOutcome(withOperations(state, (operations) => operations.filter((operation) => operation.id !== id)), notice))
    store.change((state) => withOperations(state, (operations) => [...operations, begun]))
    try {
      const result = await link.call(method, params, {
        onProgress: ({ message, fraction }) =>
          store.changeSoon((state) => {
            const operations = state.world.operations.map((one) => (one.id === id ? { ...begun, message, ...(fraction !== undefined && { fraction }) } : one))
            return { ...state, now: Date.now(), world: { ...state.world, operations } }
          }),
      })
      end({ kind: 'done', text: done?.(result) ?? `${label}: done` })
      return result
    } catch (error) {
      const { message, hint } = error as Error & { hint?: string }
      end({ kind: 'error', text: `${label}: ${message}`, ...(hint !== undefined && { hint }) })
      failed?.(error as Error)
      return undefined
    }
  }
}
