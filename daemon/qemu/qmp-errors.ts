/** What can come of a QMP command instead of its answer. */

/** QEMU refused a command. */
export class QmpError extends Error {
  override readonly name = 'QmpError'
  readonly command: string
  /** QEMU's error class: `GenericError`, `CommandNotFound`, `DeviceNotFound`, ... */
  readonly class: string
  /** QEMU's own sentence. */
  readonly desc: string

  constructor(command: string, errorClass: string, desc: string) {
    super(`${command}: ${desc}`)
    this.command = command
    this.class = errorClass
    this.desc = desc
  }
}

/** QEMU did not answer in time. The command may still be carried out. */
export class QmpTimeout extends Error {
  override readonly name = 'QmpTimeout'

  constructor(what: string, timeoutMs: number) {
    super(`QEMU did not answer within ${Math.ceil(timeoutMs)} ms: ${what}`)
  }
}

/** There is no connection (any more). `cause` has the system's error, if that was it. */
export class QmpClosed extends Error {
  override readonly name = 'QmpClosed'
}
