/** What VMs use of their host now, as the kernel counts it for QEMU: no guest is asked. Nothing is looked at unless somebody wants it. */
import * as z from 'zod'
import { Timestamp, VmId, VmName, VmRef } from '../names.ts'
import { method } from './method.ts'

export const VmStats = z
  .object({
    vm: VmId,
    name: VmName.optional(),
    cpuSeconds: z.number().describe('CPU time that its QEMU has used since it began, the guest\'s and its own (proc(5), utime and stime)').meta({ unit: 's' }),
    cpuPercent: z.number().optional().describe('Of one CPU, over the time since the look before; absent at the first look, and where hardly any time has passed'),
    memoryBytes: z.int().describe('Memory of the host that its QEMU holds (resident set)').meta({ unit: 'bytes' }),
  })
  .meta({ id: 'VmStats' })
export type VmStats = z.infer<typeof VmStats>

/** One look at all VMs that were asked for; those that do not run are left out. */
export const StatsSample = z.object({ at: Timestamp, vms: z.array(VmStats) }).meta({ id: 'StatsSample' })
export type StatsSample = z.infer<typeof StatsSample>

const whose = { vms: z.array(VmRef).max(4096).optional().describe('Only these; all that run where not said') }

export const statsMethods = {
  'vm.stats': method({
    summary: 'Show the CPU time and the memory that VMs use now',
    description: 'Looks twice, `overSeconds` apart, for CPU time is a matter of some time.',
    params: z.strictObject({
      ...whose,
      overSeconds: z.int().min(0).max(60).default(1).meta({ unit: 's' }).describe('How long to look; with 0 there is no cpuPercent'),
    }),
    result: StatsSample,
    errors: ['VM_NOT_FOUND', 'VM_RECORD_BROKEN'],
    access: 'observe',
    command: { words: ['vm', 'stats'], args: ['vms'], table: { rows: 'vms', columns: ['vm', 'name', 'cpuPercent', 'cpuSeconds', 'memoryBytes'] } },
  }),
  'stats.subscribe': method({
    summary: 'Send `stats` notifications on this connection from now on',
    description:
      'A second subscribe replaces the first. The first notification comes at once, before the answer. Nothing is looked at while ' +
      'nobody has subscribed; a VM that is deleted is left out from then on. Whoever has not read one notification yet is not sent ' +
      'the next: who reads slowly gets fewer, and is not disconnected for that.',
    params: z.strictObject({
      ...whose,
      everySeconds: z.int().min(1).max(60).default(2).meta({ unit: 's' }).describe('Time between two looks'),
    }),
    result: z.object({}),
    errors: ['VM_NOT_FOUND', 'VM_RECORD_BROKEN'],
    access: 'observe',
  }),
  'stats.unsubscribe': method({
    summary: 'Send no more `stats` on this connection',
    params: z.strictObject({}),
    result: z.object({}),
    errors: [],
    access: 'observe',
  }),
}
