/** Looks at what the daemon itself runs on: its user, Node, and what runs guests. */
import { accessSync, constants } from 'node:fs'
import type { Accelerator, Check } from '../../policy/api/system.ts'
import { UserError } from '../../policy/errors.ts'
import type { Config } from '../config.ts'
import { quoteWord } from '../shell-word.ts'
import type { Account } from './account.ts'

/** Nothing here needs root, and what goes wrong as root goes further. */
export function checkUser({ uid, name }: Account): Check {
  if (uid !== 0) return { subject: 'user', status: 'ok', detail: `${name}, uid ${uid}` }
  return { subject: 'user', status: 'degraded', detail: 'the daemon runs as root and needs no privilege', remedy: 'sudo aetherscale setup' }
}

export function checkNode(): Check {
  const major = Number(process.versions.node.split('.')[0])
  if (major >= 24) return { subject: 'node', status: 'ok', detail: process.version }
  return { subject: 'node', status: 'missing', detail: `${process.version} is older than 24`, remedy: 'npm ci' }
}

export async function checkAccelerator({ accel }: Pick<Config, 'accel'>, accelerator: () => Promise<Accelerator>, account: Account): Promise<Check> {
  const subject = 'accelerator'
  try {
    const { kind, reason } = await accelerator()
    if (kind === 'kvm' || accel === 'tcg') return { subject, status: 'ok', detail: `${kind}: ${reason}` }
    return { subject, status: 'degraded', detail: `${kind}, guests run many times slower: ${reason}`, ...remedyForKvm(account) }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return { subject, status: 'missing', detail: error.message, ...(error.data.hint && { remedy: error.data.hint }) }
  }
}

/** Where the device is there and closed to us, a group opens it; where it hangs or is not there, no command helps. */
function remedyForKvm({ name }: Account): { remedy?: string } {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK)
    return {}
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES' ? { remedy: `sudo usermod -aG kvm ${quoteWord(name)}` } : {}
  }
}
