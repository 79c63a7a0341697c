/** Whom `--user` is for. */
import { UserError } from '../../../policy/errors.ts'
import type { Account } from './facts.ts'
import { readAccounts } from './read-facts.ts'

/** Under sudo(8) the user who called it, else whoever runs this. Throws for root, which is to own no VMs. */
export function findCaller(): Account {
  const uid = process.getuid?.() === 0 ? process.env['SUDO_UID'] : String(process.getuid?.())
  if (uid === undefined || !/^[1-9]\d{0,9}$/.test(uid)) {
    throw new UserError('INVALID_PARAMS', '--user is for the user who calls sudo, and root is no user to own VMs', {
      field: 'user',
      hint: 'Run it as that user: sudo aetherscale setup --user',
    })
  }
  const [account] = readAccounts([uid]).values()
  if (account?.home.startsWith('/')) return account
  throw new UserError('SETUP_USER_NOT_FOUND', `There is no account with the uid ${uid}, or it has no home`)
}
