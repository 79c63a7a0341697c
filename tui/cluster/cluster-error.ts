/** What keeps hosts on one broker from being asked, or from trusting each other. */
import type { ExitStatus } from '../../policy/errors.ts'

export class ClusterError extends Error {
  override readonly name = 'ClusterError'
  /** What it means for a script. */
  readonly exit: Exclude<ExitStatus, 'ok'>
  readonly hint?: string

  constructor(exit: Exclude<ExitStatus, 'ok'>, message: string, more: { readonly hint?: string; readonly cause?: unknown } = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.exit = exit
    if (more.hint !== undefined) this.hint = more.hint
  }
}
