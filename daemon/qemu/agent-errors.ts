/** What can come of a question to a guest agent instead of its answer: states of the guest, none of them a bug of ours. */

/** Nobody answers: no agent runs in the guest, or there is no QEMU. */
export class AgentAbsent extends Error {
  override readonly name = 'AgentAbsent'
  /** Whether somebody listened, and said nothing in time. */
  readonly isSilence: boolean

  constructor(message: string, { isSilence = false, cause }: { readonly isSilence?: boolean; readonly cause?: unknown } = {}) {
    super(message, { cause })
    this.isSilence = isSilence
  }
}

/** The agent is there and did not answer this command in time; it may still carry it out. */
export class AgentTimeout extends Error {
  override readonly name = 'AgentTimeout'
}

/** The agent refused or failed; class and desc are the guest's words and as trustworthy as the guest. */
export class AgentError extends Error {
  override readonly name = 'AgentError'
  readonly class: string
  readonly desc: string

  constructor(command: string, errorClass: string, desc: string) {
    super(`${command}: ${desc}`)
    this.class = errorClass
    this.desc = desc
  }
}

/** The guest answered something that is no answer: not JSON, not the shape that the command has, too long. */
export class AgentNonsense extends Error {
  override readonly name = 'AgentNonsense'
}
