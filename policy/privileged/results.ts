/** What the privileged helper answers, by operation. */
import * as z from 'zod/mini'
import type { Operation } from './operations.ts'

/** The derived name of the link, and whether something had to be done. */
const changed = z.object({ name: z.string(), changed: z.boolean() })

const OwnLink = z.object({
  name: z.string(),
  kind: z.enum(['bridge', 'tap']),
  /** Of a bridge the network's name, of a tap `VM.NIC`, or `tunnel.NETWORK`. */
  key: z.string(),
  up: z.boolean(),
  /** Of a tap: the bridge that it is a port of. */
  bridge: z.optional(z.string()),
  /** Of a tap: whether what comes from it is filtered. Not so after an admin's `nft flush ruleset`, until it is ensured again. */
  filtered: z.optional(z.boolean()),
  /** Of a bridge: the /64 that is advertised on it. */
  prefix: z.optional(z.string()),
})
export type OwnLink = z.output<typeof OwnLink>

const count = z.object({ taps: z.int(), bridges: z.int() })

export const operationResults = {
  'policy.get': z.object({
    uid: z.int(),
    /** Admin bridges that taps may be attached to. */
    bridges: z.array(z.string()),
    /** The grant that advertised prefixes have to lie in. */
    prefix: z.optional(z.string()),
    /** Services of the host that its guests reach from private networks: `tcp:53`. */
    services: z.array(z.string()),
    quota: count,
    used: count,
  }),
  'link.list': z.object({ links: z.array(OwnLink) }),
  'bridge.ensure': changed,
  'bridge.delete': changed,
  'tap.ensure': changed,
  'tap.delete': changed,
  'tunnel.ensure': changed,
  'tunnel.delete': changed,
  'ra.set': changed,
  'ra.clear': changed,
} satisfies Record<Operation, z.ZodMiniType>

export type OperationResult<O extends Operation> = z.output<(typeof operationResults)[O]>
