/** The header in which a request carries who has passed it on, and why: JSON, for AMQP's own tables differ by client. */
import * as z from 'zod'

export const PassedBy = z.record(
  z.string(),
  z.object({
    reason: z.string().describe('Why, for whoever asked'),
    lasting: z.boolean().describe('Whether the host is to say the same a moment later: it has no such image, no such network'),
    /** Once all hosts have passed, the request waits and is offered anew; what they said is kept for the answer. */
    before: z.boolean().default(false).describe('Said in a round before this one'),
  }),
)
export type PassedBy = z.infer<typeof PassedBy>
