/** Ends a process in a guest, with those that it started. */
import { UserError } from '../../policy/errors.ts'
import { runScript } from './script.ts'
import type { GuestSession } from './session.ts'

/**
 * Only a child of this script's own parent, which is the agent, is the process that was meant: ids are used again. What is
 * to be killed is stopped first, so that it starts nothing while its children are looked for (proc_pid_task(5), "children").
 */
const KILL_TREE = `
end() {
  kill -STOP "$1"
  for child in $(cat /proc/"$1"/task/*/children); do end "$child"; done
  kill -KILL "$1"
}
while read -r key value; do
  [ "$key $value" = "PPid: $PPID" ] && end "$1" && exit 0
done < /proc/"$1"/status
exit 3
`

/** What became of it. `not-there`: it had ended already, and what it left in the background holds its output. */
export type Killing = 'killed' | 'not-there' | { readonly failed: string }

/** Never throws. */
export async function killProcess(guest: GuestSession, pid: number): Promise<Killing> {
  try {
    const { exitCode, stderr } = await runScript(guest, KILL_TREE, [String(pid)])
    if (exitCode === 0) return 'killed'
    const text = stderr.bytes.toString().trim()
    return exitCode === 3 || text.includes('/proc/') ? 'not-there' : { failed: text }
  } catch (error) {
    if (error instanceof UserError) return { failed: error.message }
    throw error
  }
}
