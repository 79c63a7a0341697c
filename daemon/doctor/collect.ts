/** Runs checks beside each other: one that fails takes no other with it. */
import type { Check } from '../../policy/api/system.ts'
import type { Logger } from '../log.ts'

/** Checks by what they look at, in the order in which they are shown. */
export type Examiners = Readonly<Record<string, () => Check[] | Promise<Check[]>>>

/** Never rejects. `log` gets what the reader of a check has no use for. */
export async function collectChecks(examiners: Examiners, log?: Logger): Promise<Check[]> {
  const found = await Promise.all(
    Object.entries(examiners).map(async ([subject, examine]): Promise<Check[]> => {
      try {
        return await examine()
      } catch (error) {
        log?.error({ subject, err: error }, 'a check of doctor failed')
        return [{ subject, status: 'degraded', detail: `could not be looked at: ${error instanceof Error ? error.message : String(error)}` }]
      }
    }),
  )
  return found.flat()
}
