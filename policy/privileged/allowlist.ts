/** The admin's allowlist, /etc/aetherscale/policy.json: who may change what of the host's network. */
import * as z from 'zod/mini'
import { BRIDGE_NAME, SERVICE } from '../grammars.ts'
import { parsePrefix } from './prefix.ts'

export const ALLOWLIST_FILE = '/etc/aetherscale/policy.json'

const Count = z.int().check(z.minimum(0), z.maximum(4096))

/** What one principal may do; a field that is left out grants nothing but the usual quota. */
const Grant = z.strictObject({
  /** Bridges of the host that its VMs' taps may be attached to. */
  bridges: z._default(z.array(z.string().check(z.regex(BRIDGE_NAME))).check(z.maxLength(64)), []),
  /** A prefix of at most 64 bits; each /64 inside may be advertised on its private networks. */
  prefix: z.optional(z.string().check(z.refine((text) => (parsePrefix(text)?.length ?? 128) <= 64))),
  /**
   * Of the host's own services, those that guests on its private networks reach, at the host's link-local address there:
   * `tcp:53`, `udp:53`. A service has to listen there as well.
   */
  services: z._default(z.array(z.string().check(z.regex(SERVICE))).check(z.maxLength(64)), []),
  /** The most taps and bridges that it may have at a time. */
  quota: z._default(z.strictObject({ taps: Count, bridges: Count }), { taps: 32, bridges: 8 }),
})
export type Grant = z.output<typeof Grant>

/** A principal is a uid in digits, or the name of an account in /etc/passwd. */
const Principal = z.string().check(z.regex(/^(0|[1-9]\d{0,9}|[a-z_][a-z0-9_-]{0,31})$/))
export const Allowlist = z.strictObject({ version: z.literal(1), principals: z.record(Principal, Grant) })
