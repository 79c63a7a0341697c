/** Programs of the daemon's that the client runs, as it is forbidden to know more of it. */
import { fileURLToPath } from 'node:url'

/** The path of one: `bundle` lies beside this program where that is bundled; `source` is seen from tui/. */
export function findCompanion(program: string, { bundle, source }: { readonly bundle: string; readonly source: string }): string {
  return fileURLToPath(new URL(program.endsWith('.ts') ? source : bundle, program))
}
