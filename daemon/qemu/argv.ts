/** PURE: QEMU's command line. All that a VM's QEMU is told is in here; qemu-system-x86_64(1) explains each option. */
import type { ForwardedPort, MacAddress, VmId, VmName } from '../../policy/names.ts'
import { INIT_PORT } from '../firstboot/guest-files.ts'
import { vmUuid } from './uuid.ts'

export interface QemuSpec {
  readonly id: VmId
  readonly name?: VmName | undefined
  /** Versioned machine type, such as `pc-i440fx-7.2`: the guest's hardware stays as it is when QEMU is upgraded. */
  readonly machine: string
  readonly accelerator: 'kvm' | 'tcg'
  readonly vcpus: number
  readonly memoryMiB: number
  /** Absolute path of the qcow2 overlay. */
  readonly disk: string
  /** Absolute path of a disk that the guest may read alone. */
  readonly seed?: string
  /** Where what the guest writes to its port {@link INIT_PORT} goes. */
  readonly initLog?: string
  readonly nics: readonly NicSpec[]
  readonly paths: QemuPaths
}

export type NicSpec = UserNic | TapNic

/** An interface behind QEMU's own NAT. */
export interface UserNic {
  readonly mac: MacAddress
  readonly forwards: readonly ForwardedPort[]
}

/** An interface that is a link of the host; QEMU opens it and changes nothing about it. */
export interface TapNic {
  readonly mac: MacAddress
  readonly ifname: string
  /** The guest's MTU, where it is not Ethernet's 1500; virtio tells it (VIRTIO_NET_F_MTU). */
  readonly mtu?: number
}

/** Absolute paths. */
export interface QemuPaths {
  readonly qmp: string
  /** A second QMP monitor, for whoever shuts the VM down without the daemon. */
  readonly shutdown: string
  readonly agent: string
  readonly console: string
  /** All that the serial console prints; appended to, so it may be truncated while QEMU runs. */
  readonly consoleLog: string
}

/** All that the accelerator offers to a guest. KVM that runs a plain model may still fail with this one. */
export const CPU_MODELS = { kvm: 'host', tcg: 'max' } as const

/** The qdev id of the guest agent's port, as the QMP event VSERPORT_CHANGE names it. */
export const AGENT_PORT = 'agent0'
/** The qdev id of the disk, and the name of its block node. */
export const DISK_DEVICE = 'vda'
export const DISK_NODE = 'disk0'

/** The chardev behind that port, as QMP's query-chardev names it. */
export const AGENT_CHARDEV = 'agent'

/**
 * QEMU's arguments without the program's name. QMP, guest agent and serial console are Unix sockets that listen; each
 * takes one client at a time. ACPI's power button works, a guest that powers off ends QEMU, one that reboots reboots.
 * QEMU's own messages go to stderr.
 */
export function qemuArgv(spec: QemuSpec): string[] {
  const { paths } = spec
  return [
    ...['-name', `guest=${spec.name ?? spec.id},process=qemu-${spec.id},debug-threads=on`],
    ...['-uuid', vmUuid(spec.id)],
    ...['-nodefaults', '-no-user-config', '-display', 'none'],
    ...['-machine', `${spec.machine},dump-guest-core=off`],
    ...accelerator(spec),
    ...['-smp', `cpus=${spec.vcpus}`, '-m', `size=${spec.memoryMiB}M`],
    ...['-boot', 'strict=on'],
    ...sleepStates(spec.machine),
    ...['-sandbox', SANDBOX],
    ...['-msg', 'timestamp=on'],
    ...[...listeningSocket('qmp', paths.qmp), '-mon', 'chardev=qmp,mode=control'],
    ...[...listeningSocket('shutdown', paths.shutdown), '-mon', 'chardev=shutdown,mode=control'],
    // PCI slots are given in this order: what every VM has comes first, so that a new NIC moves nothing.
    ...disk(spec.disk),
    ...['-device', 'virtio-rng-pci'],
    ...(spec.seed === undefined ? [] : seed(spec.seed)),
    ...[...listeningSocket(AGENT_CHARDEV, paths.agent), '-device', 'virtio-serial-pci,id=serial0'],
    ...['-device', `virtserialport,bus=serial0.0,id=${AGENT_PORT},chardev=${AGENT_CHARDEV},name=org.qemu.guest_agent.0`],
    ...(spec.initLog === undefined ? [] : initPort(spec.initLog)),
    ...listeningSocket('console', paths.console, `logfile=${escape(paths.consoleLog)},logappend=on`),
    ...['-device', 'isa-serial,chardev=console'],
    ...spec.nics.flatMap(nic),
  ]
}

/**
 * TCG's buffer of translated code is bounded: QEMU's default of 1 GiB fills over time, and the host pays for it beside
 * the guest's memory. An eighth of the guest's memory holds the code that a guest of that size runs.
 */
function accelerator({ accelerator, memoryMiB }: QemuSpec): string[] {
  if (accelerator === 'kvm') return ['-accel', 'kvm', '-cpu', CPU_MODELS.kvm]
  const bufferMiB = Math.min(256, Math.max(32, Math.floor(memoryMiB / 8)))
  return ['-accel', `tcg,tb-size=${bufferMiB}`, '-cpu', CPU_MODELS.tcg]
}

/** A guest that suspends would look like one that hangs: nothing here wakes it. The i440FX's ACPI offers S3 and S4. */
function sleepStates(machine: string): string[] {
  if (!machine.startsWith('pc-i440fx-')) return []
  return ['-global', 'PIIX4_PM.disable_s3=1', '-global', 'PIIX4_PM.disable_s4=1']
}

/**
 * QEMU's seccomp filter, whole. It is in force before `-daemonize` would fork and call setsid(2), which `spawn` and
 * `elevateprivileges` forbid (measured with 7.2: SIGSYS, and exit status 1 without a word): so QEMU stays in the
 * foreground, and who starts it gives it its session.
 */
const SANDBOX = 'on,obsolete=deny,resourcecontrol=deny,elevateprivileges=deny,spawn=deny'

/**
 * What the guest discards and the zeroes it writes become holes, so that the overlay shrinks again. The image's own
 * format is said, never probed: a guest could write another format's header into a raw disk.
 */
function disk(path: string): string[] {
  const file = `file.driver=file,file.filename=${escape(path)},file.discard=unmap`
  return [
    ...['-blockdev', `driver=qcow2,node-name=${DISK_NODE},discard=unmap,detect-zeroes=unmap,${file}`],
    ...['-device', `virtio-blk-pci,drive=${DISK_NODE},id=${DISK_DEVICE},bootindex=0`],
  ]
}

function seed(path: string): string[] {
  const file = `file.driver=file,file.filename=${escape(path)}`
  return ['-blockdev', `driver=raw,node-name=seed,read-only=on,${file}`, '-device', 'virtio-blk-pci,drive=seed,id=seed']
}

/** A port that the guest can but write to: what it tells needs no agent, and is there also when it has ended. */
function initPort(log: string): string[] {
  return [
    ...['-chardev', `file,id=init,path=${escape(log)},append=on`],
    ...['-device', `virtserialport,bus=serial0.0,nr=2,id=init0,chardev=init,name=${INIT_PORT}`],
  ]
}

/** The empty romfile leaves out the PXE ROM: it is not installed everywhere, and nothing boots from the network. */
function nic(spec: NicSpec, index: number): string[] {
  return [
    ...['-netdev', 'ifname' in spec ? tap(spec, index) : user(spec, index)],
    ...['-device', `virtio-net-pci,netdev=net${index},id=nic${index},mac=${spec.mac},romfile=${'mtu' in spec ? `,host_mtu=${spec.mtu}` : ''}`],
  ]
}

function user({ forwards }: UserNic, index: number): string {
  const rules = forwards.map(
    ({ protocol, hostAddress, hostPort, guestPort }) => `,hostfwd=${protocol}:${hostAddress}:${hostPort}-:${guestPort}`,
  )
  return `user,id=net${index}${rules.join('')}`
}

/**
 * Without the scripts that QEMU would run as whoever started it: the link is up and attached before QEMU opens it. And without
 * offloads: a guest that asks for a checksum says where the kernel is to write it, which it does after the helper's filter
 * has seen the packet, so that any two octets of it, of an address for one, would be the guest's to change.
 */
function tap({ ifname }: TapNic, index: number): string {
  return `tap,id=net${index},ifname=${ifname},script=no,downscript=no,vnet_hdr=off`
}

function listeningSocket(id: string, path: string, more?: string): string[] {
  return ['-chardev', `socket,id=${id},path=${escape(path)},server=on,wait=off${more === undefined ? '' : `,${more}`}`]
}

/** Commas end a value in QEMU's options and are doubled to be part of one; nothing else is special in there. */
function escape(value: string): string {
  return value.replaceAll(',', ',,')
}
