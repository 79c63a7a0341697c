/** What was typed is not a command that there is. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly hint?: string

  constructor(message: string, hint?: string) {
    super(message)
    if (hint !== undefined) this.hint = hint
  }
}
