/** For a user who runs the tests with sudo in a checkout of theirs. */
import { lchownSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Gives folders that root has made in somebody's checkout to the owner of the checkout, who could not remove them. */
export function giveBack(root: string, folders: readonly string[]): void {
  const { uid, gid } = statSync(root)
  if (process.getuid?.() !== 0 || uid === 0) return
  for (const folder of folders) {
    if (statSync(join(root, folder), { throwIfNoEntry: false }) === undefined) continue
    lchownSync(join(root, folder), uid, gid)
    for (const entry of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
      lchownSync(join(root, folder, entry), uid, gid)
    }
  }
}
