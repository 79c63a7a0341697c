/** What a VM is told at its first boot, and how that went. */
import * as z from 'zod'
import { VmRef } from '../names.ts'
import { LogPiece, logRange } from './log.ts'
import { method } from './method.ts'

/** Bytes of UTF-8 that an init script, or user-data, may have. */
const TEXT_LIMIT = 262_144

const Text = z
  .string()
  .min(1)
  .max(TEXT_LIMIT, `more than ${TEXT_LIMIT} bytes of UTF-8`)
  .refine((text) => new TextEncoder().encode(text).length <= TEXT_LIMIT, `more than ${TEXT_LIMIT} bytes of UTF-8`)
  .meta({ textFile: true })

const LABEL = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?'

/** As hosts(5) has it, in lower case: one label (RFC 1123), or several with dots between them. */
export const Hostname = z.string().max(253).regex(new RegExp(`^${LABEL}(\\.${LABEL})*$`))

/** A line of authorized_keys (sshd(8)) without options. */
export const SshKey = z
  .string()
  .max(16_384)
  .trim()
  .regex(/^(ssh-(ed25519|rsa)|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com) [A-Za-z0-9+/]{16,}={0,3}( [^\p{Cc}]*)?$/u, 'not a public key in one line, as authorized_keys has it, without options')
  .meta({ textFile: true })

/** What the VM sets itself up with, at its first boot. */
export const firstBootParams = {
  initScript: Text.optional()
    .describe('Run once, as root, at the first boot, when the network is up: in the guest, the unit aetherscale-init.service. Kept byte for byte')
    .meta({ logged: 'size' }),
  userData: Text.optional().describe('A cloud-config, as cloud-init reads it; beside initScript, both are done').meta({ logged: 'size' }),
  sshKeys: z.array(SshKey).max(64).default([]).describe("A public SSH key that may log in as the image's own user"),
  hostname: Hostname.optional().describe("The guest's name; the VM's name, or id, where not said"),
}

export const InitState = z.enum(['pending', 'running', 'done', 'failed']).meta({
  id: 'InitState',
  description:
    'Of what the first boot runs: pending, it has not begun; running; done, it ended with status 0; failed, with another, ' +
    'or the machine went down meanwhile',
})
export type InitState = z.infer<typeof InitState>

export const FirstBootWay = z.enum(['nocloud', 'libguestfs']).meta({
  id: 'FirstBootWay',
  description:
    'How a VM is told what to do at its first boot: nocloud, by a seed disk that cloud-init in the guest reads; libguestfs, ' +
    'written into its disk before it is started',
})
export type FirstBootWay = z.infer<typeof FirstBootWay>

export const FirstBoot = z
  .object({
    via: FirstBootWay,
    state: InitState.optional().describe('Absent where neither an init script nor user-data was given'),
    exitCode: z.int().optional().describe('With which it ended'),
  })
  .meta({ id: 'FirstBoot' })

export const firstBootMethods = {
  'vm.init-log': method({
    summary: 'Read what the init script, or cloud-init, has printed at the first boot',
    description: "Ask again with `offset` set to the answer's `nextOffset` to follow it. It is there also when the VM is stopped.",
    params: z.strictObject({ vm: VmRef, ...logRange }),
    result: LogPiece.extend({ state: InitState, exitCode: z.int().optional() }),
    errors: ['VM_NOT_FOUND', 'VM_RECORD_BROKEN', 'VM_INIT_NONE', 'HOST_IO'],
    access: 'observe',
    command: { words: ['vm', 'init-log'], args: ['vm'] },
  }),
}
