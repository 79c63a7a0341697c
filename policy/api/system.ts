/** The daemon itself, and the host that it runs on. */
import * as z from 'zod'
import { Timestamp } from '../names.ts'
import { method } from './method.ts'

export const Check = z
  .object({
    subject: z.string().describe('The program, device or right'),
    status: z.enum(['ok', 'missing', 'degraded']).describe('missing: needed and not there; degraded: works, but worse'),
    detail: z.string().describe('What was found'),
    remedy: z.string().optional().describe('The command that mends it'),
  })
  .meta({ id: 'Check' })
export type Check = z.infer<typeof Check>

export const Accelerator = z
  .object({
    kind: z.enum(['kvm', 'tcg']),
    reason: z.string().describe('Why this one: what the probe saw, or the configuration'),
  })
  .meta({ id: 'Accelerator' })
export type Accelerator = z.infer<typeof Accelerator>

export const systemMethods = {
  'system.info': method({
    summary: 'Show version, folders and accelerator of the daemon',
    params: z.strictObject({}),
    result: z.object({
      version: z.string(),
      access: z.enum(['observe', 'control']).describe('What this connection may do'),
      hostname: z.string(),
      pid: z.int(),
      uid: z.int(),
      startedAt: Timestamp,
      serviceManager: z.enum(['embedded', 'systemd']),
      accelerator: Accelerator.optional().describe('Absent until the first VM needed to know'),
      folders: z.object({ images: z.string(), disks: z.string(), config: z.string(), sockets: z.string(), runtime: z.string(), logs: z.string() }),
      vms: z.int().describe('Number of VMs'),
    }),
    errors: [],
    access: 'observe',
    command: { words: ['info'] },
  }),
  'system.doctor': method({
    summary: 'Check each program, device and right that is needed or useful',
    description: 'Seen with the daemon\'s eyes. `aetherscale doctor` also works where no daemon answers.',
    params: z.strictObject({}),
    result: z.object({ checks: z.array(Check) }),
    errors: [],
    access: 'observe',
    command: { words: ['doctor'], table: { rows: 'checks', columns: ['status', 'subject', 'detail', 'remedy'] } },
  }),
  'system.metrics': method({
    summary: 'Show counts and durations for Prometheus',
    description:
      'VMs by state, operations by kind and outcome with their durations, decisions of the network helper, operations that wait in ' +
      "the VMs' queues, CPU time and memory of each QEMU. Counters begin at zero with the daemon.",
    params: z.strictObject({}),
    result: z.object({
      contentType: z.string().describe('Media type of the text, with its version'),
      text: z.string().describe("In Prometheus' text format"),
    }),
    errors: [],
    access: 'observe',
    command: { words: ['metrics'] },
  }),
  'rpc.discover': method({
    summary: 'Describe every method as an OpenRPC document',
    description: 'See the OpenRPC specification 1.3, section "Service Discovery Method".',
    params: z.strictObject({}),
    result: z.record(z.string(), z.unknown()),
    errors: [],
    access: 'observe',
  }),
}
