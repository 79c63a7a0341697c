import type { PrivilegedErrorName } from '../policy/privileged/errors.ts'

/** Why a request is not done. Anything else that is thrown is a defect. */
export class Refusal extends Error {
  declare readonly code: PrivilegedErrorName
  declare readonly hint: string | undefined
  constructor(code: PrivilegedErrorName, message: string, hint?: string) {
    super(message)
    Object.assign(this, { code, hint })
  }
}

/** Throws a {@link Refusal}; `hint` is what the caller, or the admin, can do about it. */
export function refuse(code: PrivilegedErrorName, message: string, hint?: string): never {
  throw new Refusal(code, message, hint)
}
