/** A host of ours against Debian's libvirt, in one fresh machine that has both (test/system/host-box.ts). */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundleForBox } from '../system/box-program.ts'
import { lacksHosts, startHost, type Host } from '../system/host-box.ts'
import { BRIDGE, IMAGE, IMAGE_NAME } from './libvirt/places.ts'
import type { Row } from './measure.ts'

/** Without what they recommend: libvirt then registers no VM with systemd-machined, which spares it a round trip. */
const PACKAGES = 'libvirt-daemon-system,libvirt-clients'

/** Says why it leaves all of it out, where such a machine cannot be had. */
export async function benchLibvirt(): Promise<Row[]> {
  const reason = lacksHosts() || lacksBase()
  if (reason !== false) {
    console.log(`Left out: all rows against libvirt, which need a Debian machine with libvirt in a container (${reason})`)
    return []
  }
  const cleanings: (() => unknown)[] = []
  const test = { teardown: (clean: () => unknown) => cleanings.unshift(clean) }
  try {
    const scratch = mkdtempSync(join(tmpdir(), 'aetherscale-bench-'))
    test.teardown(() => {
      rmSync(scratch, { recursive: true })
    })
    const host = await withPackages(() => startHost(test, 'b-libvirt'))
    prepare(host)
    host.put('/root', await bundleForBox(join(import.meta.dirname, 'libvirt', 'in-box.ts'), scratch))
    return JSON.parse(host.sh('/usr/lib/aetherscale/node /root/in-box.mjs')) as Row[]
  } finally {
    for (const clean of cleanings) await clean()
  }
}

/** The machine's root file system, made at the first time: that is a download. */
function lacksBase(): string | false {
  const script = join(import.meta.dirname, '..', 'system', 'box.sh')
  const { status, stderr } = spawnSync('bash', [script, 'base'], { encoding: 'utf8', env: { ...process.env, BOX_PACKAGES: PACKAGES } })
  return status !== 0 && `its packages cannot be had: ${stderr.trim().split('\n').at(-1) ?? ''}`
}

/** Boxes take their packages from the environment; those that others open have none but the usual. */
async function withPackages<T>(work: () => Promise<T>): Promise<T> {
  process.env['BOX_PACKAGES'] = PACKAGES
  try {
    return await work()
  } finally {
    delete process.env['BOX_PACKAGES']
  }
}

/**
 * Both as their packages have them, libvirt without any change of its configuration. It looks up its host's name, which
 * on a Debian that was installed is in /etc/hosts.
 */
function prepare(host: Host): void {
  host.sh(`
    echo "127.0.1.1 $(hostname)" >>/etc/hosts
    ip link add ${BRIDGE} address 52:54:00:00:00:01 up type bridge
    aetherscale setup --bridge ${BRIDGE} --yes >&2
    qemu-img create -q -f qcow2 ${IMAGE} 8M
    chmod 644 ${IMAGE}
    until aetherscale info >/dev/null 2>&1; do sleep 0.1; done
    aetherscale image import ${IMAGE} --name ${IMAGE_NAME}
    systemctl start libvirtd`)
}
