/** What radvd(8) is told. radvd is another unit and another user: it looks at the file when the token is laid. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const BLOCK = /^interface (aeb[a-z2-7]{12}) \{.* prefix ([0-9a-f:]{3,39}\/64) \{/gm

/** The /64 by the bridge's name. */
export function readAdvertised(folder: string): ReadonlyMap<string, string> {
  const text = existsSync(join(folder, 'radvd.conf')) ? readFileSync(join(folder, 'radvd.conf'), 'utf8') : ''
  return new Map(Array.from(text.matchAll(BLOCK), ([, bridge = '', prefix = '']) => [bridge, prefix]))
}

/** A block a line, and no default route (AdvDefaultLifetime): radvd.conf(5). What cannot be told to radvd is not written. */
export function writeAdvertised(folder: string, advertised: ReadonlyMap<string, string>): void {
  const options = 'IgnoreIfMissing on; AdvSendAdvert on; AdvDefaultLifetime 0; MaxRtrAdvInterval 60;'
  const blocks = Array.from(advertised, ([bridge, prefix]) => `interface ${bridge} { ${options} prefix ${prefix} { }; };\n`)
  if (blocks.some((block) => block.match(BLOCK) === null)) throw new Error('not a block for radvd')
  // a rename follows nothing that somebody else who may write to pending/ has laid there
  const put = (name: string, text: string): void => {
    writeFileSync(join(folder, 'radvd.conf.new'), text, { mode: 0o644 })
    renameSync(join(folder, 'radvd.conf.new'), join(folder, name))
  }
  put('pending/ra', '')
  put('radvd.conf', blocks.join(''))
  put('pending/ra', '')
}
