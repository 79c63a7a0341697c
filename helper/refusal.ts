import type { PrivilegedErrorName } from '../policy/privileged/errors.ts'

/** Why a request is not done. Anything else that is thrown is a defect. */
export class Refusal extends Error {
  readonly code: PrivilegedErrorName
  readonly hint: string | undefined
  constructor(code: PrivilegedErrorName, message: string, hint?: string) {
    super(message)
    this.code = code
    this.hint = hint
  }
}

/** Throws a {@link Refusal}; `hint` is what the caller, or the admin, can do about it. */
export function refuse(code: PrivilegedErrorName, message: string, hint?: string): never {
  throw new Refusal(code, message, hint)
}
