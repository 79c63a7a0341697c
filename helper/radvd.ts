/** What radvd(8) is told. radvd is another unit and another user: it looks at the file when the token is laid. */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const BLOCK = /^interface (aeb[a-z2-7]{12}) \{.* prefix ([0-9a-f:]{3,39}\/64) \{/gm

/** The /64 by the bridge's name. */
export function readAdvertised(folder: string): ReadonlyMap<string, string> {
  const file = join(folder, 'radvd.conf')
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  return new Map(Array.from(text.matchAll(BLOCK), ([, bridge = '', prefix = '']) => [bridge, prefix]))
}

/** A block a line, and no default route (AdvDefaultLifetime): radvd.conf(5). Whole or not at all. */
export function writeAdvertised(folder: string, advertised: ReadonlyMap<string, string>): void {
  const options = 'IgnoreIfMissing on; AdvSendAdvert on; AdvDefaultLifetime 0; MaxRtrAdvInterval 60;'
  const blocks = Array.from(advertised, ([bridge, prefix]) => `interface ${bridge} { ${options} prefix ${prefix} { }; };\n`)
  if (blocks.some((block) => block.match(BLOCK) === null)) throw new Error('not a block for radvd')
  writeFileSync(join(folder, 'radvd.conf.new'), blocks.join(''), { mode: 0o644 })
  renameSync(join(folder, 'radvd.conf.new'), join(folder, 'radvd.conf'))
  // whoever else may write there must not lead the helper elsewhere
  rmSync(join(folder, 'pending', 'ra'), { force: true })
  writeFileSync(join(folder, 'pending', 'ra'), '', { flag: 'wx' })
}
