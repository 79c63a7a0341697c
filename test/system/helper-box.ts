/** The network helper installed on a fresh machine, as a package of it would be, and asked by its users. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { helper as program } from '../../.build/programs.ts'
import type { Answer } from '../helper/helper-process.ts'
import type { Box } from './box.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const sources = join(root, 'helper', 'install')

/** Node runs as it is wherever it is copied to, if it is that of the package `node`; a distribution's may need libraries. */
export function findNode(): string {
  const bundled = join(root, 'node_modules', `node-linux-${process.arch}`, 'bin', 'node')
  return existsSync(bundled) ? bundled : process.execPath
}

/** Puts everything where its first line says that it belongs. `scratch` is a folder of the host. */
export async function installHelper(box: Box, scratch: string): Promise<void> {
  const bundle = join(scratch, 'aetherscale-net.js')
  const { entryPoints: _all, ...options } = program.options
  await build({ ...options, entryPoints: [join(root, 'helper', 'main.ts')], outfile: bundle })
  box.sh('mkdir -p /usr/lib/aetherscale /usr/lib/systemd/network /etc/aetherscale')
  box.put('/usr/lib/aetherscale', findNode(), bundle)
  box.put('/root', sources)
  box.sh(`
    chown -R root:root /usr/lib/aetherscale
    for file in install/*; do
      place=$(sed -n '1s|^# /|/|p' "$file")
      [ -z "$place" ] || install -m 644 "$file" "$place"
    done
    chmod 666 /dev/net/tun   # as udev does (50-udev-default.rules), which does not run in a container
    systemd-sysusers
    systemd-tmpfiles --create
    systemctl daemon-reload
    systemctl enable --now aetherscale-radvd.path`)
}

/** Asks through the socket of `uid`; where that cannot be, the answer is what socat(1) complains of. */
export function ask(box: Box, user: string, uid: number, method: string, params: object = {}): Answer | string {
  const request = `${JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })}\n`
  const { stdout, stderr } = box.as(user, ['socat', '-t', '120', '-', `UNIX-CONNECT:/run/aetherscale-net/${uid}.sock`], request)
  return stdout === '' ? stderr : (JSON.parse(stdout) as Answer)
}
