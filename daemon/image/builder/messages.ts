/** PURE: what the builder says to a daemon that it is attached to: one JSON text a line on stdout. */
import * as z from 'zod'
import { errorTable, UserError, type ErrorName } from '../../../policy/errors.ts'

const names = Object.keys(errorTable) as [ErrorName, ...ErrorName[]]

const Message = z.union([
  z.strictObject({ doing: z.string(), fraction: z.number().min(0).max(1).optional() }),
  /** A raw disk, which is there until stdin ends. */
  z.strictObject({ disk: z.string() }),
  z.strictObject({ error: z.strictObject({ name: z.enum(names), message: z.string(), hint: z.string().optional() }) }),
])
export type Message = z.infer<typeof Message>

export function formatMessage(message: Message): string {
  return `${JSON.stringify(message)}\n`
}

/** `undefined` for a line that is none: what a builder prints that breaks down. */
export function parseMessage(line: string): Message | undefined {
  try {
    return Message.safeParse(JSON.parse(line)).data
  } catch {
    return undefined
  }
}

/** Errors that a caller can act on, as a message; `undefined` for defects, whose words belong on stderr. */
export function describeError(error: unknown): Message | undefined {
  if (!(error instanceof UserError)) return undefined
  const { name, hint } = error.data
  return { error: { name, message: error.message, ...(hint !== undefined && { hint }) } }
}
