/** What makes the programs commands: wrappers on the PATH, and the shells' completions. */
import { join } from 'node:path'
import { renderScript } from '../../tui/cli/completion/scripts.ts'
import { programs } from '../programs.ts'
import type { Entry } from './entry.ts'

/** Programs that people call by name, and where Debian keeps such. */
const wrapped: Readonly<Record<string, string>> = {
  aetherscale: 'usr/bin',
  aetherscaled: 'usr/bin',
  'aetherscale-net': 'usr/sbin',
}

/** Where each shell looks (bash-completion's README, "Where to put it"; Debian's zsh and fish packages). */
const completions = {
  bash: 'usr/share/bash-completion/completions/aetherscale',
  zsh: 'usr/share/zsh/vendor-completions/_aetherscale',
  fish: 'usr/share/fish/vendor_completions.d/aetherscale.fish',
} as const

/** `folder` is where the programs are installed. */
export function writeCommands(folder: string): Entry[] {
  const wrappers = programs.flatMap(({ name, nodeFlags }): Entry[] => {
    const place = wrapped[name]
    const argv = [`/${folder}/node`, ...nodeFlags, `/${folder}/${name}.js`, '"$@"']
    return place === undefined ? [] : [{ path: join(place, name), mode: 0o755, content: renderWrapper(argv) }]
  })
  const scripts = Object.entries(completions).map(([shell, path]): Entry => {
    return { path, mode: 0o644, content: `${renderScript(shell).join('\n')}\n` }
  })
  return [...wrappers, ...scripts]
}

function renderWrapper(argv: readonly string[]): string {
  return `#!/bin/sh
# meant for another Node, and either can keep this one from starting
unset NODE_OPTIONS NODE_EXTRA_CA_CERTS
exec ${argv.join(' ')}
`
}
