/** Looks at the daemon's folders: rights, free space, and whether sockets fit into them. */
import { accessSync, constants } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { Check } from '../../policy/api/system.ts'
import type { VmId } from '../../policy/names.ts'
import { CONTROL_SOCKET, OBSERVE_SOCKET, SOCKET_PATH_LIMIT } from '../../policy/wire.ts'
import type { Config, Folders } from '../config.ts'
import { quoteWord } from '../shell-word.ts'
import { vmPaths } from '../vm/paths.ts'
import type { Remedies } from './account.ts'

/** Under this much free space a new VM soon stands still. */
const LOW_BYTES = 2 ** 30

export async function checkFolders(folders: Folders, remedies: Remedies): Promise<Check[]> {
  const names = new Map<string, string>()
  for (const [name, path] of Object.entries(folders) as [string, string][]) names.set(path, names.get(path) ?? name)
  return await Promise.all(Array.from(names, ([path, name]) => checkFolder(name, path, remedies)))
}

async function checkFolder(name: string, path: string, { asOwner }: Remedies): Promise<Check> {
  const subject = `${name} folder`
  const place = quoteWord(path)
  try {
    accessSync(path, constants.R_OK | constants.X_OK)
    const { bavail, bsize, files, ffree } = await statfs(path)
    const detail = `${path}, ${(bavail * bsize / 2 ** 30).toFixed(1)} GiB free`
    const holdsDisks = name === 'disks' || name === 'images'
    const lack = whyUnwritable(path)
    if (lack !== undefined) {
      // Images that are there can be used; none can be added.
      return { subject, status: name === 'images' ? 'degraded' : 'missing', detail: `${detail}, ${lack.detail}`, remedy: lack.remedy }
    }
    // Some file systems make inodes as they need them and count none (statfs(2), f_files).
    if (files > 0 && ffree === 0) return { subject, status: 'missing', detail: `${detail}, but no file can be added: no inode is left`, remedy: `df -i ${place}` }
    if (bavail * bsize < LOW_BYTES && holdsDisks) return { subject, status: 'degraded', detail, remedy: `df -h ${place}` }
    return { subject, status: 'ok', detail }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return { subject, status: 'degraded', detail: `${path} is not there`, remedy: asOwner(`mkdir -p ${place}`) }
    return { subject, status: 'missing', detail: `${path}: ${code ?? String(error)}`, remedy: `namei -l ${place}` }
  }
}

function whyUnwritable(path: string): { detail: string; remedy: string } | undefined {
  try {
    accessSync(path, constants.W_OK)
    return undefined
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const place = quoteWord(path)
    if (code !== 'EROFS') return { detail: `not writable (${code ?? String(error)})`, remedy: `namei -l ${place}` }
    return { detail: 'on a file system that is read-only', remedy: `sudo mount -o remount,rw "$(findmnt -n -o TARGET -T ${place})"` }
  }
}

/** A socket's path is short by the kernel's rule, and a daemon's folder may lie deep. */
export function checkPathLengths({ folders, helperSocket }: Pick<Config, 'folders' | 'helperSocket'>): Check {
  const ofVm = Object.values<string>({ ...vmPaths(folders, 'xxxxxxxx' as VmId) }).filter((path) => path.endsWith('.sock'))
  const own = [CONTROL_SOCKET, OBSERVE_SOCKET].map((name) => join(folders.sockets, name))
  const [longest = ''] = [...ofVm, ...own, helperSocket].sort((a, b) => Buffer.byteLength(b) - Buffer.byteLength(a))
  const bytes = Buffer.byteLength(longest)
  const detail = `${longest} takes ${bytes} of the ${SOCKET_PATH_LIMIT} bytes that the path of a socket may have`
  const isTooLong = bytes > SOCKET_PATH_LIMIT
  const remedy = 'AETHERSCALE_SOCKET_DIR, or "runtime" in daemon.json, chooses a shorter folder'
  return { subject: 'path lengths', status: isTooLong ? 'missing' : 'ok', detail, ...(isTooLong && { remedy }) }
}
