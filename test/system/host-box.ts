/**
 * A fresh Debian machine with aetherscale installed from its package, and nothing set up yet. It has a network of its own, in
 * which it may make links, and no /dev/kvm.
 */
import { spawnSync } from 'node:child_process'
import { basename } from 'node:path'
import { lacksBoxes, openBox, type Box, type BoxOptions } from './box.ts'
import { ensureRelease } from './release.ts'
import { ensureTinyImage } from './tiny-image.ts'

interface Test {
  teardown(clean: () => unknown): unknown
}

export interface Host extends Box {
  /** Installs a Debian package as a user would, or one in the place of another; answers what apt-get said. */
  install(deb: string): string
  /** A user who can log in, and whose user manager runs from now on, also after a boot. Answers the uid. */
  addUser(name: string, ...groups: string[]): number
  /** Runs a command line of sh(1) as a user, in their session; answers what it printed, and throws if it fails. */
  shAs(user: string, line: string): string
  /** Puts the tiny image where every user can read it; answers its path. */
  putTinyImage(): Promise<string>
}

/** Why no such machine can be had here; `false` if one can. For the `skip` of a test. */
export function lacksHosts(): string | false {
  const reason = lacksBoxes()
  if (reason !== false) return reason
  return spawnSync('dpkg-deb', ['--version']).error !== undefined && 'dpkg-deb is missing: apt-get install dpkg'
}

/** A machine without the package. */
export function openHost(t: Test, name: string, { nspawn = [], ...options }: BoxOptions = {}): Host {
  const box = openBox(t, name, { ...options, nspawn: ['--bind=/dev/net/tun', ...nspawn] })
  // as udev does (50-udev-default.rules), which does not run in a container
  box.sh('chmod 666 /dev/net/tun')
  const host: Host = {
    ...box,
    install(deb) {
      box.put('/root', deb)
      return box.sh(`apt-get install --yes --quiet ./${basename(deb)} 2>&1`)
    },
    addUser(user, ...groups) {
      box.sh(`useradd --create-home --shell /bin/bash --groups '${groups.join()}' ${user}; loginctl enable-linger ${user}`)
      const uid = Number(box.sh(`id -u ${user}`))
      // lingering begins in its own time; this returns when the manager is ready
      box.sh(`systemctl start user@${uid}.service`)
      return uid
    },
    shAs(user, line) {
      const { status, stdout, stderr } = box.as(user, ['sh', '-ec', line])
      if (status !== 0) throw new Error(`${user}: ${line}: ${stderr}${stdout}`)
      return stdout.trimEnd()
    },
    async putTinyImage() {
      const image = await ensureTinyImage()
      const path = `/srv/${basename(image)}`
      box.put('/srv', image)
      box.sh(`chmod 644 ${path}`)
      return path
    },
  }
  return host
}

/** A machine with the package of these sources; `name` is that of the box, and the test's process is added to it. */
export async function startHost(t: Test, name: string, options: BoxOptions = {}): Promise<Host> {
  const { deb } = await ensureRelease()
  const host = openHost(t, `${name}-${process.pid}`, options)
  host.install(deb)
  return host
}
