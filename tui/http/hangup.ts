/** SIGHUP: to read files anew, or, as from the kernel, that the terminal has gone (signal(7)). */
import { isatty } from 'node:tty'
import type { Logger } from 'pino'
import { UserError } from '../../policy/errors.ts'

/** `opened` answers what reads anew; a signal before that is kept, and one more while it reads has it read once more. */
export function renewOnHangup(log: Logger, opened: Promise<() => Promise<void>>): void {
  const terminals = [0, 1, 2].filter((fd) => isatty(fd))
  const renew = async (): Promise<void> => {
    try {
      await (await opened)()
      log.info('read anew')
    } catch (error) {
      if (!(error instanceof UserError)) log.error({ err: error }, 'defect')
      else log.error({ hint: error.data.hint }, `nothing is taken anew: ${error.message}`)
    }
  }
  let last = Promise.resolve()
  process.on('SIGHUP', () => {
    // whoever closes the window that the door was started in ends it
    if (!terminals.every((fd) => isatty(fd))) return void process.kill(process.pid, 'SIGTERM')
    last = last.then(renew)
  })
}
