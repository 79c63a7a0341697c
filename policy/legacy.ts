/**
 * The contracts of the first aetherscale (2020), which scripts of its users still speak: the same over HTTP and over RabbitMQ.
 * Members that it did not know are ignored, as it ignored them.
 */
import * as z from 'zod'

/** Python's None arrives as null. */
const optional = <T extends z.ZodType>(type: T) => type.nullish().transform((value) => value ?? undefined)

export const LegacyCreate = z.object({
  image: z.string().describe('Name of a base image'),
  'init-script': optional(z.string()).describe('Run once at the first boot'),
  vpn: optional(z.string()).describe('Made if there is none'),
  'public-ip': optional(z.boolean()).describe('An interface on the bridge to the outside'),
})
export type LegacyCreate = z.infer<typeof LegacyCreate>

export const LegacyVm = z.object({
  'vm-id': z.string().describe('Id or name of a VM'),
  kill: optional(z.boolean()).describe('stop-vm: by force, without asking the guest'),
})
export type LegacyVm = z.infer<typeof LegacyVm>

/** What a broker's message asks for; `response-channel` names the queue for answers where the AMQP property reply_to does not. */
export const LegacyMessage = z.object({
  command: z.string().describe('One of LegacyCommand'),
  options: optional(z.record(z.string(), z.unknown())).describe('LegacyCreate or LegacyVm; none for list-vms'),
  'response-channel': optional(z.string()).describe('Queue for answers'),
})
export type LegacyMessage = z.infer<typeof LegacyMessage>

export type LegacyCommand = 'list-vms' | 'create-vm' | 'start-vm' | 'stop-vm' | 'delete-vm'

/** HTTP: PATCH /vm/ID. */
export const LegacyStatus = z.object({ status: z.enum(['started', 'stopped']).describe('What the VM is to be') })

/** Answers: one row of a list, and the outcome of an action. */
export interface LegacyListed {
  readonly 'vm-id': string
  readonly 'ip-addresses': readonly string[]
  readonly hint?: string
}
export interface LegacyOutcome {
  readonly status: 'allocating' | 'starting' | 'stopped' | 'killed' | 'deleted' | 'running'
  readonly 'vm-id': string
  readonly hint?: string
}

/** What goes to the queue for answers. */
export type LegacyAnswer =
  | { readonly 'execution-info': { readonly status: 'success' }; readonly response: unknown }
  | { readonly 'execution-info': { readonly status: 'error'; readonly reason: string } }
