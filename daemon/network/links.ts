/** What the kernel shows everybody of the host's links, in sysfs; no helper is needed to see it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface HostLinks {
  /** Whether there is a bridge of this name. */
  isBridge(name: string): boolean
  /** Whether the helper's bridge of a network (`lan`) or tap of an interface (`adbvzwdf.0`) of ours is there. */
  hasOwn(kind: 'bridge' | 'tap', key: string): boolean
}

export function openHostLinks(folder = '/sys/class/net', uid = process.getuid?.() ?? 0): HostLinks {
  return {
    isBridge: (name) => existsSync(join(folder, name, 'bridge')),
    hasOwn(kind, key) {
      // The alias that the helper gives each of its links (`deriveName` in helper/names.ts).
      const alias = `aetherscale:${uid}:${kind}:${key}`
      return readdirSync(folder).some((name) => readAlias(join(folder, name)) === alias)
    },
  }
}

/** A link may be gone between the look into the folder and this one; some entries of the folder are no links. */
function readAlias(link: string): string {
  try {
    return readFileSync(join(link, 'ifalias'), 'utf8').trim()
  } catch {
    return ''
  }
}
