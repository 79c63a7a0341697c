/** Looks at the host's devices, folders and rights with the daemon's eyes. */
import { accessSync, constants } from 'node:fs'
import { statfs } from 'node:fs/promises'
import type { Accelerator, Check } from '../../policy/api/system.ts'
import { UserError } from '../../policy/errors.ts'
import type { Config, Folders } from '../config.ts'

export async function checkHost(config: Config, accelerator: () => Promise<Accelerator>): Promise<Check[]> {
  return [checkUser(), checkRuntime(), await checkAccelerator(config, accelerator), ...(await checkFolders(config.folders))]
}

/** Under this much free space a new VM soon stands still. */
const LOW_BYTES = 2 ** 30

/** Nothing here needs root, and what goes wrong as root goes further. */
function checkUser(): Check {
  const uid = process.getuid?.() ?? -1
  if (uid !== 0) return { subject: 'user', status: 'ok', detail: `uid ${uid}` }
  return { subject: 'user', status: 'degraded', detail: 'the daemon runs as root and needs no privilege', remedy: 'run it as a user of its own' }
}

function checkRuntime(): Check {
  const major = Number(process.versions.node.split('.')[0])
  if (major >= 24) return { subject: 'node', status: 'ok', detail: process.version }
  return { subject: 'node', status: 'missing', detail: `${process.version} is older than 24`, remedy: 'npm ci' }
}

async function checkAccelerator(config: Config, accelerator: () => Promise<Accelerator>): Promise<Check> {
  const subject = 'accelerator'
  try {
    const { kind, reason } = await accelerator()
    if (kind === 'kvm' || config.accel === 'tcg') return { subject, status: 'ok', detail: `${kind}: ${reason}` }
    return { subject, status: 'degraded', detail: `${kind}, guests run many times slower: ${reason}`, ...remedyForKvm() }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return { subject, status: 'missing', detail: error.message, ...(error.data.hint && { remedy: error.data.hint }) }
  }
}

/** Where the device is there and closed to us, a group opens it; where it hangs or is not there, no command helps. */
function remedyForKvm(): { remedy?: string } {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK)
    return {}
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES' ? { remedy: 'sudo usermod -aG kvm "$USER"' } : {}
  }
}

async function checkFolders(folders: Folders): Promise<Check[]> {
  return await Promise.all(
    Object.entries(folders).map(async ([name, path]: [string, string]): Promise<Check> => {
      const subject = `${name} folder`
      try {
        accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK)
        const { bavail, bsize } = await statfs(path)
        const free = bavail * bsize
        const detail = `${path}, ${(free / 2 ** 30).toFixed(1)} GiB free`
        const isTight = free < LOW_BYTES && (name === 'disks' || name === 'images')
        return { subject, status: isTight ? 'degraded' : 'ok', detail, ...(isTight && { remedy: `df -h ${path}` }) }
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        if (code === 'ENOENT') return { subject, status: 'degraded', detail: `${path} is not there`, remedy: `mkdir -p ${path}` }
        return { subject, status: 'missing', detail: `${path}: ${code ?? String(error)}`, remedy: `ls -ld ${path}` }
      }
    }),
  )
}
