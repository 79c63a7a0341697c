/** Programs of ours that are run apart from the daemon. */
import { fileURLToPath } from 'node:url'

/** The path of one: beside the daemon where that is bundled, else `source`, seen from daemon/. */
export function findCompanion({ source, bundle }: { readonly source: string; readonly bundle: string }): string {
  return fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? source : bundle, import.meta.url))
}
