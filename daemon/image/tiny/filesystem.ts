/**
 * The root file system: mke2fs(8) makes it empty and debugfs(8) fills it from a script. Everything is root's, whoever
 * builds; and since the script, not the order of some folder, says what comes when, each build yields the same bytes.
 */
import { truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../../../policy/errors.ts'
import { run } from '../builder/program.ts'
import type { Entry } from './tree.ts'

export interface FilesystemPlan {
  readonly file: string
  readonly bytes: number
  /** Where the contents of files lie meanwhile; must be there and empty. */
  readonly workFolder: string
  /** Seconds since 1970: every time in the file system. */
  readonly time: number
  readonly signal: AbortSignal
}

/** By this label the guest finds its root file system. */
const LABEL = 'tinyroot'
const UUID = 'ae7e5ca1-0000-4000-8000-000000000001'
/** Said in full: what mke2fs.conf of the host says is of no account. No checksums of metadata: they cost a small guest time. */
const FEATURES =
  'none,has_journal,ext_attr,dir_index,filetype,extent,flex_bg,sparse_super,large_file,huge_file,dir_nlink,extra_isize'

/** Makes an ext4 with these entries, which completeTree has put in order. Throws as {@link run} does. */
export async function makeFilesystem(entries: readonly Entry[], plan: FilesystemPlan): Promise<void> {
  const { file, bytes, workFolder, time, signal } = plan
  const env = { E2FSPROGS_FAKE_TIME: String(time), MKE2FS_CONFIG: '/dev/null' }
  await writeFile(file, '')
  await truncate(file, bytes)
  const form = ['-t', 'ext4', '-O', FEATURES, '-b', '4096', '-I', '256', '-N', '4096', '-J', 'size=4', '-m', '1']
  const identity = ['-L', LABEL, '-U', UUID, '-E', `hash_seed=${UUID},root_owner=0:0,lazy_itable_init=0,nodiscard`]
  await run('mke2fs', ['-q', '-F', ...form, ...identity, file], { signal, env })

  const contents = new Map<string, string>()
  for (const [index, entry] of entries.entries()) {
    if (entry.kind !== 'file') continue
    const path = join(workFolder, `content-${index}`)
    await writeFile(path, entry.data)
    contents.set(entry.path, path)
  }
  const script = join(workFolder, 'script')
  await writeFile(script, fillScript(entries, (path) => contents.get(path) ?? '', time))
  const { stderr } = await run('debugfs', ['-w', '-f', script, file], { signal, env })
  // Its exit status tells nothing; after its banner it is silent on stderr if all went well.
  const complaints = stderr.split('\n').filter((line) => line !== '' && !/^debugfs \d/.test(line))
  if (complaints.length > 0) throw new UserError('IMAGE_BUILD_FAILED', `debugfs failed: ${complaints[0]}`)
}

/** PURE: debugfs's commands that make the entries; `contentOf` tells the host's file with an entry's data. */
export function fillScript(entries: readonly Entry[], contentOf: (path: string) => string, time: number): string {
  return entries.map((entry) => {
    const at = entry.path.lastIndexOf('/') + 1
    const [folder, name] = [entry.path.slice(0, at), entry.path.slice(at)]
    // `write` takes a name, not a path: hence the change of folder each time.
    return [`cd "/${folder}"`, ...make(entry, name, contentOf), ...stamp(name, time), ''].join('\n')
  }).join('')
}

function make(entry: Entry, name: string, contentOf: (path: string) => string): string[] {
  switch (entry.kind) {
    case 'folder':
      return [`mkdir "${name}"`, `set_inode_field "${name}" mode ${octal(0o040000 | entry.mode)}`]
    case 'file':
      return [`write "${contentOf(entry.path)}" "${name}"`, `set_inode_field "${name}" mode ${octal(0o100000 | entry.mode)}`]
    case 'symlink':
      return [`symlink "${name}" "${entry.target}"`]
  }
}

function stamp(name: string, time: number): string[] {
  return ['uid 0', 'gid 0', ...['atime', 'ctime', 'mtime', 'crtime'].map((field) => `${field} @${time}`)].map(
    (setting) => `set_inode_field "${name}" ${setting}`,
  )
}

function octal(mode: number): string {
  return `0${mode.toString(8)}`
}
