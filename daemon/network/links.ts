/** What the kernel shows everybody of the host's links, in sysfs; no helper is needed to see it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A link that the helper made for us: the bridge of a network (`lan`), the tap of an interface (`adbvzwdf.0`). */
export interface OwnAlias {
  readonly name: string
  readonly kind: 'bridge' | 'tap'
  readonly key: string
}

export interface HostLinks {
  /** Whether there is a bridge of this name. */
  isBridge(name: string): boolean
  /** Whether somebody holds this tap open; also where it is down, and does not tell. */
  hasCarrier(name: string): boolean
  /** The name of a link of ours, where it is there. */
  nameOf(kind: OwnAlias['kind'], key: string): string | undefined
  /** All links of ours. */
  own(): OwnAlias[]
}

export function openHostLinks(folder = '/sys/class/net', uid = process.getuid?.() ?? 0): HostLinks {
  // The alias that the helper gives each of its links (`deriveName` in helper/names.ts).
  const form = new RegExp(`^aetherscale:${uid}:(bridge|tap):(.+)$`)
  const own = (): OwnAlias[] =>
    readdirSync(folder).flatMap((name) => {
      const [, kind, key] = form.exec(readLine(join(folder, name, 'ifalias'))) ?? []
      return kind === undefined || key === undefined ? [] : [{ name, kind: kind as OwnAlias['kind'], key }]
    })
  return {
    hasCarrier: (name) => readLine(join(folder, name, 'carrier')) !== '0',
    isBridge: (name) => existsSync(join(folder, name, 'bridge')),
    nameOf: (kind, key) => own().find((link) => link.kind === kind && link.key === key)?.name,
    own,
  }
}

/** A link may be gone between the look into the folder and this one; some entries of the folder are no links. */
function readLine(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}
