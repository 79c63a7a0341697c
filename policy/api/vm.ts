/** Virtual machines: what they look like, and what can be asked of them. */
import * as z from 'zod'
import { ImageName, MacAddress, Timestamp, VmId, VmName, VmRef } from '../names.ts'
import { FirstBoot, firstBootParams } from './first-boot.ts'
import { LogPiece, logRange } from './log.ts'
import { method } from './method.ts'
import { NetworkRequest, VmNetwork } from './vm-network.ts'

const MebiBytes = z.int().positive().meta({ unit: 'MiB' })
const Seconds = z.int().min(0).max(86_400).meta({ unit: 's' })

export const GuestAddress = z
  .object({
    address: z.string().describe('IPv4 or IPv6 address without prefix length'),
    prefixLength: z.int().min(0).max(128),
    mac: MacAddress.optional().describe("The interface's MAC address, as the guest tells it"),
    interface: z.string().describe("The interface's name in the guest"),
  })
  .meta({ id: 'GuestAddress' })
export type GuestAddress = z.infer<typeof GuestAddress>

export const VmState = z
  .enum(['creating', 'stopped', 'starting', 'running', 'paused', 'stopping', 'deleting', 'broken'])
  .meta({
    id: 'VmState',
    description:
      'Derived when asked. creating, starting, stopping, deleting: an operation is under way; running: QEMU runs the ' +
      'guest; paused: QEMU is there and holds the guest; stopped: no QEMU; broken: see `problem`',
  })
export type VmState = z.infer<typeof VmState>

export const Restart = z
  .enum(['no', 'on-failure'])
  .describe('What systemd does when QEMU crashes: nothing, or start it again. A guest that powers off stays off; without systemd it is always no')

const CpuPercent = z
  .int()
  .min(1)
  .max(25_500)
  .describe('Most CPU time that its QEMU may use, in percent of one CPU; as many CPUs as it has where not said. Without systemd it does not hold')

export const VmUnit = z
  .object({
    path: z.string().describe('Of the unit file'),
    state: z
      .enum(['generated', 'edited', 'missing'])
      .describe('generated: as the daemon wrote it; edited: changed by hand, or by a drop-in beside it, and kept so; missing: not written yet, or removed by hand'),
    enabled: z.boolean().describe('Whether systemd starts it with the host'),
    isolated: z.boolean().describe("Whether QEMU sees nothing of its user's but what is the VM's; if not, `aetherscale doctor` says why"),
  })
  .meta({ id: 'VmUnit' })

export const Vm = z
  .object({
    id: VmId,
    name: VmName.optional(),
    state: VmState,
    image: ImageName,
    vcpus: z.int().describe('Of the QEMU that runs, or of the next one'),
    memoryMiB: MebiBytes.describe('Likewise'),
    diskMiB: MebiBytes.describe('Virtual size of the disk'),
    atNextStart: z
      .object({ vcpus: z.int(), memoryMiB: MebiBytes })
      .optional()
      .describe('What the next start gives it, where that is not what runs now'),
    autostart: z.boolean().describe('Started after each boot of the host'),
    restart: Restart,
    cpuPercent: CpuPercent.optional(),
    machine: z.string().describe("QEMU's versioned machine type, pinned when the VM was made"),
    createdAt: Timestamp,
    networks: z.array(VmNetwork),
    addresses: z.array(GuestAddress).describe('As the guest agent told them; loopback left out'),
    addressesAt: Timestamp.optional().describe('When the agent last told the addresses'),
    agent: z.enum(['absent', 'connected']).describe('Whether a guest agent has its port open'),
    pid: z.int().optional().describe("QEMU's process id"),
    startedAt: Timestamp.optional(),
    accelerator: z.enum(['kvm', 'tcg']).optional().describe('What runs the guest now'),
    firstBoot: FirstBoot.optional().describe('Absent where it was told nothing'),
    operation: z.string().optional().describe('The operation under way'),
    unit: VmUnit.optional().describe('Its systemd unit; absent without systemd'),
    problem: z.string().optional().describe('What is wrong with the VM, and what mends it'),
  })
  .meta({ id: 'Vm' })
export type Vm = z.infer<typeof Vm>

export const CreateParams = z.strictObject({
  image: ImageName.describe('Base image that the disk stands on'),
  name: VmName.optional(),
  vcpus: z.int().min(1).max(255).default(1).describe('Virtual CPUs; the machine type takes 255 at the most'),
  memoryMiB: MebiBytes.min(32).max(4_194_304).default(1024).describe('Memory of the guest'),
  diskMiB: MebiBytes.max(67_108_864).optional().describe("Virtual size of the disk; the image's own where not said"),
  networks: z
    .array(NetworkRequest)
    .max(8)
    .default([{ kind: 'user', forwards: [] }])
    .describe('Interfaces of the VM, in order'),
  autostart: z.boolean().default(false).describe('Start it after each boot of the host'),
  restart: Restart.default('on-failure'),
  cpuPercent: CpuPercent.optional(),
  ...firstBootParams,
})
export type CreateParams = z.infer<typeof CreateParams>

const oneVm = { vm: VmRef }

/** Chosen by who asks, as RFC 9110 has a token, and a little more: a UUID, an AMQP message-id. */
const RequestId = z.string().regex(/^[\x21-\x7e]{1,255}$/, '1 to 255 printable characters of ASCII, without blanks')

export const StopRung = z.enum(['already-stopped', 'guest', 'sigterm', 'sigkill']).meta({
  id: 'StopRung',
  description:
    'What ended the VM: guest, it powered itself down when asked (agent or ACPI); sigterm, sigkill: the signal to QEMU',
})
export type StopRung = z.infer<typeof StopRung>

const stopParams = {
  force: z.boolean().default(false).describe('Do not ask the guest; begin with SIGTERM to QEMU'),
  timeoutSeconds: Seconds.default(60).describe('How long the guest may take before SIGTERM'),
}

const Command = z
  .object({ purpose: z.string(), argv: z.array(z.string()) })
  .meta({ id: 'Command', description: 'A program with its arguments, one string each; no shell reads them' })

const networkFound = ['NETWORK_NOT_FOUND', 'NETWORK_RECORD_BROKEN'] as const
const startErrors = ['VM_START_FAILED', 'VM_QEMU_FAILED', 'VM_UNIT_INVALID', 'SERVICE_MANAGER_FAILED', 'VM_DISK_MISSING', 'PORT_IN_USE', 'PROGRAM_MISSING', 'ACCEL_UNAVAILABLE', 'NO_SPACE', 'PATH_TOO_LONG', 'HOST_IO', ...networkFound, 'NET_UNREACHABLE', 'NET_DENIED', 'NET_QUOTA', 'NET_NOT_FOUND', 'NET_FAILED'] as const
const setErrors = ['SERVICE_MANAGER_FAILED', 'VM_UNIT_INVALID', 'NO_SPACE', 'HOST_IO', 'PROGRAM_MISSING', 'ACCEL_UNAVAILABLE', 'IMAGE_NOT_FOUND', 'IMAGE_FOLDER_MISSING', 'IMAGE_INVALID', 'IMAGE_UNSAFE', ...networkFound, 'NET_UNREACHABLE', 'NET_DENIED', 'NET_QUOTA', 'NET_NOT_FOUND', 'NET_FAILED'] as const
const found = ['VM_NOT_FOUND', 'VM_RECORD_BROKEN'] as const
const imageFound = ['IMAGE_NOT_FOUND', 'IMAGE_FOLDER_MISSING', 'IMAGE_INVALID', 'IMAGE_UNSAFE', 'IMAGE_RECORD_BROKEN', 'VM_DISK_TOO_SMALL'] as const

export const vmMethods = {
  'vm.create': method({
    summary: 'Make a VM from a base image, and start it',
    description: 'Nothing is left of a VM that could not be made, nor of one that was to start and did not.',
    params: CreateParams.extend({
      start: z.boolean().default(true).describe('Start it right away'),
      requestId: RequestId.optional().describe(
        'Makes asking again safe: a create with an id that a VM of this host was made by answers that VM, and makes none; while ' +
          'the first is under way, the second waits for it. One that failed is forgotten, and so is one whose VM is deleted. ' +
          'The id of the VM follows from it',
      ),
    }),
    result: Vm,
    errors: ['VM_NAME_TAKEN', 'VM_REQUEST_REUSED', 'VM_RECORD_BROKEN', 'USER_DATA_INVALID', 'FIRST_BOOT_FAILED', ...imageFound, ...startErrors],
    access: 'control',
    progress: true,
    command: { words: ['vm', 'create'], args: ['image'] },
  }),
  'vm.list': method({
    summary: 'List the VMs',
    description: 'Answered from what the daemon holds: no process is started and no guest is asked.',
    params: z.strictObject({ state: VmState.optional().describe('Only those in this state') }),
    result: z.object({ vms: z.array(Vm).describe('In order of creation') }),
    errors: [],
    access: 'observe',
    command: {
      words: ['vm', 'list'],
      table: { rows: 'vms', columns: ['id', 'name', 'state', 'image', 'vcpus', 'memoryMiB', 'agent', 'addresses'] },
    },
  }),
  'vm.get': method({
    summary: 'Show one VM',
    params: z.strictObject(oneVm),
    result: Vm,
    errors: [...found],
    access: 'observe',
    command: { words: ['vm', 'get'], args: ['vm'] },
  }),
  'vm.start': method({
    summary: 'Start a VM, or let a paused one go on; one that runs is left alone, with a hint',
    params: z.strictObject(oneVm),
    result: z.object({ vm: Vm, hint: z.string().optional() }),
    errors: [...found, ...startErrors],
    access: 'control',
    progress: true,
    command: { words: ['vm', 'start'], args: ['vm'] },
  }),
  'vm.stop': method({
    summary: 'Stop a VM: ask the guest, then SIGTERM, then SIGKILL',
    description:
      'The guest is asked through its agent, or by the ACPI power button where there is none, and has `timeoutSeconds` ' +
      'to power down; then QEMU gets SIGTERM and, 10 s later, SIGKILL. A stop with `force` hastens one that waits.',
    params: z.strictObject({ ...oneVm, ...stopParams }),
    result: z.object({ vm: Vm, endedBy: StopRung, hint: z.string().optional() }),
    errors: [...found, 'VM_STOP_FAILED'],
    access: 'control',
    progress: true,
    command: { words: ['vm', 'stop'], args: ['vm'] },
  }),
  'vm.restart': method({
    summary: 'Stop a VM as vm.stop does, and start it again',
    params: z.strictObject({ ...oneVm, ...stopParams }),
    result: z.object({ vm: Vm, endedBy: StopRung }),
    errors: [...found, 'VM_STOP_FAILED', ...startErrors],
    access: 'control',
    progress: true,
    command: { words: ['vm', 'restart'], args: ['vm'] },
  }),
  'vm.set': method({
    summary: 'Change what the host does with a VM by itself',
    description: 'Where systemd runs VMs, the unit of one that has none yet is written when it is to start with the host.',
    params: z.strictObject({
      ...oneVm,
      autostart: z.boolean().optional().describe('Start it after each boot of the host; as it was where not said'),
    }),
    result: Vm,
    errors: [...found, ...setErrors],
    access: 'control',
    command: { words: ['vm', 'set'], args: ['vm'] },
  }),
  'vm.delete': method({
    summary: 'Delete a VM with its disk; one that runs is ended first, by force',
    description:
      "A VM whose taps are on the host while the network helper is away keeps its disk and shows as `deleting`; another " +
      'vm.delete, or the next start of the daemon, goes on with it.',
    params: z.strictObject(oneVm),
    result: z.object({ id: VmId }),
    errors: [...found, 'VM_STOP_FAILED', 'NET_UNREACHABLE', 'NET_FAILED', 'HOST_IO'],
    access: 'control',
    command: { words: ['vm', 'delete'], args: ['vm'] },
  }),
  'vm.wait': method({
    summary: 'Wait until a VM runs, its agent answers, its first boot is done, or it is stopped',
    params: z.strictObject({
      ...oneVm,
      for: z
        .enum(['running', 'agent', 'init', 'stopped'])
        .default('running')
        .describe('What to wait for; agent: it answered; init: what the first boot runs has ended, and if it failed that is VM_INIT_FAILED'),
      timeoutSeconds: Seconds.default(60).describe('After this long, VM_WAIT_TIMEOUT'),
    }),
    result: Vm,
    errors: [...found, 'VM_WAIT_TIMEOUT', 'VM_INIT_NONE', 'VM_INIT_FAILED'],
    access: 'observe',
    command: { words: ['vm', 'wait'], args: ['vm'] },
  }),
  'vm.plan': method({
    summary: 'Show what would be run for a VM that is there, or for one that could be made; nothing is done',
    params: CreateParams.partial({ image: true }).extend({
      vm: VmRef.optional().describe('A VM that is there; leave it out and give `image` for one that is not'),
    }),
    result: z.object({
      commands: z.array(Command).describe('In the order in which they would run'),
      files: z.array(z.string()).describe('Files and folders that would be made'),
      networks: z.array(z.string()).describe('What each network needs of the host'),
      unit: z.string().optional().describe('The systemd unit that would be written; absent without systemd'),
    }),
    errors: [...found, 'USER_DATA_INVALID', ...imageFound, ...networkFound],
    access: 'observe',
    command: { words: ['vm', 'plan'], args: ['vm'] },
  }),
  'vm.log': method({
    summary: 'Read what the serial console or QEMU itself has printed',
    description: 'Ask again with `offset` set to the answer\'s `nextOffset` to follow it.',
    params: z.strictObject({
      ...oneVm,
      source: z.enum(['console', 'qemu']).default('console').describe('The serial console, or QEMU\'s own messages'),
      ...logRange,
    }),
    result: LogPiece,
    errors: [...found, 'HOST_IO'],
    access: 'observe',
    command: { words: ['vm', 'log'], args: ['vm'] },
  }),
  'vm.console': method({
    summary: "Join a VM's serial console",
    description:
      'After the answer the connection carries the raw bytes of the serial line, both ways; it ends with the VM. Several ' +
      'may join at once and see the same. To leave, close the connection.',
    params: z.strictObject(oneVm),
    result: z.object({ vm: VmId }),
    errors: [...found, 'VM_NOT_RUNNING', 'HOST_IO'],
    access: 'control',
    upgrade: true,
    command: { words: ['vm', 'console'], args: ['vm'] },
  }),
}
