/** PURE: the messages that QEMU sends (qmp-spec.rst, sections "Server Greeting", "Issuing Commands", "Asynchronous events"). */
import * as z from 'zod'

export interface QmpEvent {
  /** `SHUTDOWN`, `RESET`, `VSERPORT_CHANGE`, ...: see the QEMU QMP Reference Manual. */
  readonly event: string
  readonly data: Readonly<Record<string, unknown>>
  /** QEMU's clock when it happened. */
  readonly at: Date
}

export type QmpMessage =
  | { readonly kind: 'greeting' }
  | { readonly kind: 'event'; readonly event: QmpEvent }
  | { readonly kind: 'return'; readonly id: number | undefined; readonly value: unknown }
  | { readonly kind: 'error'; readonly id: number | undefined; readonly class: string; readonly desc: string }

const Greeting = z.object({ QMP: z.object({ version: z.object({}), capabilities: z.array(z.unknown()) }) })
const Event = z.object({
  event: z.string(),
  data: z.record(z.string(), z.unknown()).default({}),
  timestamp: z.object({ seconds: z.number(), microseconds: z.number() }),
})
const Return = z.object({ return: z.unknown(), id: z.number().optional() })
const Failure = z.object({ error: z.object({ class: z.string(), desc: z.string() }), id: z.number().optional() })

/** Reads one line; `undefined` if it is none of QMP's messages. */
export function parseQmpMessage(line: string): QmpMessage | undefined {
  let json: unknown
  try {
    json = JSON.parse(line)
  } catch {
    return undefined
  }
  if (typeof json !== 'object' || json === null) return undefined
  if ('return' in json) {
    const { data } = Return.safeParse(json)
    return data && { kind: 'return', id: data.id, value: data.return }
  }
  if ('event' in json) {
    const { data } = Event.safeParse(json)
    return data && { kind: 'event', event: { event: data.event, data: data.data, at: dateOf(data.timestamp) } }
  }
  if ('error' in json) {
    const { data } = Failure.safeParse(json)
    return data && { kind: 'error', id: data.id, ...data.error }
  }
  return Greeting.safeParse(json).success ? { kind: 'greeting' } : undefined
}

/** QEMU says -1 for both where the host has no clock to tell. */
function dateOf({ seconds, microseconds }: { seconds: number; microseconds: number }): Date {
  return new Date(seconds * 1000 + microseconds / 1000)
}
