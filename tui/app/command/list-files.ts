/** Names of files that begin as what is typed; none where the folder cannot be read. */
import type { Candidate } from '../../cli/completion/candidates.ts'
import { fittingNames, splitPath } from '../files/complete-path.ts'
import { listFolder, type Place } from '../files/read-file.ts'

export async function listFiles(typed: string, place: Place): Promise<Candidate[]> {
  const { folder, start } = splitPath(typed)
  return fittingNames(await listFolder(folder, place), start).map((name) => ({ value: folder + name, about: '' }))
}
