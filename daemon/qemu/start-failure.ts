/** PURE: from QEMU's last words to an error that a caller can act on. */
import { UserError } from '../../policy/errors.ts'

/**
 * `words` is what QEMU printed since it was started, without which nothing is known but that it ended; `vm` is how the
 * caller can ask for the VM's plan, if the VM will still be there.
 */
export function explainStartFailure(words: string, vm: string | undefined): UserError {
  const line = words.trimEnd().split('\n').at(-1) ?? ''
  const message = line.replace(/^\d{4}-\d\d-\d\dT\S+ /, '').replace(/^\S*qemu-system-\S+: /, '') || 'it ended without a word'
  if (/host forwarding rule/.test(message)) {
    return new UserError('PORT_IN_USE', `A port to forward is not free on the host. QEMU says: ${message}`, {
      field: 'networks',
      hint: 'Choose another host port, or end the program that has it (ss -lntup shows it)',
    })
  }
  if (/No space left on device/.test(message)) {
    return new UserError('NO_SPACE', `QEMU did not start: ${message}`, { hint: 'Make room on that file system' })
  }
  if (/\/dev\/net\/tun/.test(message)) {
    return new UserError('VM_START_FAILED', `QEMU could not open its tap: ${message}`, {
      field: 'networks',
      hint: 'Whether this user may open /dev/net/tun tells: aetherscale doctor',
    })
  }
  return new UserError('VM_START_FAILED', `QEMU did not start: ${message}`, {
    ...(vm !== undefined && { hint: `Its command line: aetherscale vm plan ${vm}` }),
  })
}
