/** Writes the disk of a VM as one file that stands alone, anywhere on the host where the daemon may write. */
import { link, lstat, open, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, sep } from 'node:path'
import { UserError } from '../../policy/errors.ts'
import type { SnapshotName } from '../../policy/names.ts'
import type { Folders } from '../config.ts'
import { convertToQcow2 } from '../qemu/disk.ts'
import { measureOverlay } from '../qemu/overlay.ts'
import { settleFile, syncFolder } from '../state/file.ts'
import type { Report, VmDependencies } from '../vm/dependencies.ts'
import type { Entry } from '../vm/table.ts'
import { beginExport } from './export-note.ts'
import { openOverlay } from './own-disk.ts'
import { requireSpace } from './space.ts'

export interface ExportRequest {
  readonly path: string
  readonly snapshot: SnapshotName | undefined
}

export interface Exported {
  readonly path: string
  readonly fileBytes: number
}

/**
 * The file appears under its name when it is whole and flushed; of one that could not be made nothing is left. The disk must
 * not change meanwhile, or the snapshot not go. Throws EXPORT_PATH_TAKEN, INVALID_PARAMS (a folder of the daemon's own),
 * NO_SPACE, HOST_IO, what {@link openOverlay} throws, and IMAGE_INVALID where the disk cannot be read through.
 */
export async function exportDisk(deps: VmDependencies, entry: Entry, { path, snapshot }: ExportRequest, report: Report): Promise<Exported> {
  const folder = await findFolder(deps.config.folders, path)
  const target = join(folder, basename(path))
  if (await lstat(target).catch(() => undefined)) throw taken(path)
  const { path: source, image } = await openOverlay(deps, entry)
  report('measuring')
  await requireSpace(folder, await measureOverlay({ path: source, image }, snapshot), `The export of VM ${entry.record.name ?? entry.id}`)
  const { temporary, end } = await beginExport(deps.config.folders, target)
  try {
    await makeOwn(temporary)
    const onProgress = (fraction: number): void => {
      report('copying', fraction)
    }
    await convertToQcow2({ source, format: 'qcow2', backing: image, snapshot, target: temporary, onProgress })
    await publish(temporary, target, path)
    return { path: target, fileBytes: (await stat(target)).size }
  } finally {
    await rm(temporary, { force: true })
    await end()
  }
}

/** The folder as it is without links. Throws HOST_IO and INVALID_PARAMS. */
async function findFolder(folders: Folders, path: string): Promise<string> {
  const folder = await realpath(dirname(path))
  const own = await Promise.all(Object.values(folders).map((each: string) => realpath(each).catch(() => each)))
  const inside = own.find((each) => folder === each || folder.startsWith(each + sep))
  if (inside !== undefined) {
    throw new UserError('INVALID_PARAMS', `${path} lies in ${inside}, which is the daemon's own`, {
      field: 'path',
      hint: 'Export to another folder; image.import brings the file in from there',
    })
  }
  const { mode } = await stat(folder)
  if ((mode & 0o1002) === 0o002) {
    throw new UserError('HOST_IO', `Anybody may exchange the files in ${folder}`, {
      field: 'path',
      hint: `Export to another folder, or close that one: chmod o-w ${folder}`,
    })
  }
  return folder
}

/** O_EXCL: not a link that somebody has put there. qemu-img writes into what is there. */
async function makeOwn(temporary: string): Promise<void> {
  await (await open(temporary, 'wx', 0o600)).close()
}

/** The group reads it: on a host that was set up, these are who may do everything with VMs. */
async function publish(temporary: string, target: string, path: string): Promise<void> {
  await settleFile(temporary, 0o640)
  try {
    await link(temporary, target)
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') throw taken(path)
    if (!hasNoLinks.has(code)) throw error
    // FAT and its like. Whoever makes a file of this name in this very moment loses it.
    if (await lstat(target).catch(() => undefined)) throw taken(path)
    await rename(temporary, target)
  }
  await syncFolder(dirname(target))
}

const hasNoLinks: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])

function taken(path: string): UserError {
  return new UserError('EXPORT_PATH_TAKEN', `There is something at ${path} already`, {
    field: 'path',
    hint: 'Choose another name, or remove it',
  })
}
