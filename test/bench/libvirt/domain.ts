/** PURE: a libvirt domain with the devices of one of our VMs (daemon/qemu/argv.ts), and QEMU's command lines compared. */
import { BRIDGE, MEMORY_MIB } from './places.ts'

export interface Domain {
  readonly name: string
  /** Absolute path of the qcow2 overlay. */
  readonly disk: string
  /** Versioned, as `pc-i440fx-7.2`. */
  readonly machine: string
}

/** https://libvirt.org/formatdomain.html. What libvirt adds of its own where nothing is said is said to be none. */
export function renderDomain({ name, disk, machine }: Domain): string {
  return `<domain type="qemu">
  <name>${name}</name>
  <memory unit="MiB">${MEMORY_MIB}</memory>
  <vcpu>1</vcpu>
  <os><type machine="${machine}" arch="x86_64">hvm</type></os>
  <features><acpi/><tcg><tb-cache unit="MiB">32</tb-cache></tcg></features>
  <cpu mode="maximum"/>
  <pm><suspend-to-mem enabled="no"/><suspend-to-disk enabled="no"/></pm>
  <devices>
    <disk type="file" device="disk">
      <driver name="qemu" type="qcow2" discard="unmap" detect_zeroes="unmap"/>
      <source file="${disk}"/>
      <target dev="vda" bus="virtio"/>
      <boot order="1"/>
    </disk>
    <interface type="bridge"><source bridge="${BRIDGE}"/><model type="virtio"/><rom enabled="no"/></interface>
    <serial type="unix">
      <source mode="bind" path="/var/lib/libvirt/qemu/${name}.console"/>
      <log file="/var/log/libvirt/qemu/${name}.console.log" append="on"/>
    </serial>
    <channel type="unix"><target type="virtio" name="org.qemu.guest_agent.0"/></channel>
    <rng model="virtio"><backend model="random">/dev/urandom</backend></rng>
    <controller type="usb" model="none"/>
    <memballoon model="none"/>
    <video><model type="none"/></video>
  </devices>
</domain>
`
}

/** What a guest is given, from QEMU's arguments: its devices, however they are written down, and the machine's size. */
export function describeGuest(argv: readonly string[]): string[] {
  const facts = argv.flatMap((word, index) => {
    switch (argv[index - 1]) {
      case '-device':
        return [word.startsWith('{') ? (JSON.parse(word) as { driver: string }).driver : (word.split(',')[0] ?? '')]
      case '-netdev':
        return [/\btap\b/.test(word) ? 'tap' : word]
      case '-machine':
      case '-cpu':
        return [word.split(',')[0] ?? '']
      case '-accel':
        return [word]
      case '-m':
        return [`${/\d+/.exec(word)?.[0] ?? ''} MiB`]
      default:
        return []
    }
  })
  return facts.sort()
}
