/** A door that only observes keeps that promise by itself. */
import type { Access } from '../../../policy/api/method.ts'
import { UserError } from '../../../policy/errors.ts'

/** @throws UserError ACCESS_DENIED */
export function refuseChange(access: Access): void {
  if (access === 'control') return
  throw new UserError('ACCESS_DENIED', 'This changes things, and the door was started with --read-only')
}
