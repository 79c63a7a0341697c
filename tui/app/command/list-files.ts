/** Names of files that begin as what is typed. */
import { readdir } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Candidate } from '../../cli/completion/candidates.ts'

/** Folders end in `/`; hidden files only for who asks for them by a dot. None where the folder cannot be read. */
export async function listFiles(typed: string, cwd: string): Promise<Candidate[]> {
  const folder = typed.endsWith('/') ? typed : typed.includes('/') ? `${dirname(typed)}/` : ''
  const begin = typed.slice(typed.lastIndexOf('/') + 1)
  const shown = folder === '//' ? '/' : folder
  try {
    const entries = await readdir(resolve(cwd, shown), { withFileTypes: true })
    return entries
      .filter(({ name }) => name.startsWith(begin) && (begin !== '' || !name.startsWith('.')))
      .map((entry) => ({ value: `${shown}${entry.name}${entry.isDirectory() ? '/' : ''}`, about: '' }))
      .sort((a, b) => (a.value < b.value ? -1 : 1))
  } catch {
    return []
  }
}
