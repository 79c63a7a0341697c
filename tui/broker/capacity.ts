/**
 * Room for VMs. The invariant: what is decided about and what is counted do not run beside each other, so that two requests
 * never get the same room. What was admitted counts until it is released, whether the daemon lists it by then or not.
 */
import type { BrokerConfig } from '../../policy/broker/config.ts'
import { decide, whyFull, type Decision } from './decide.ts'
import type { DaemonLink } from './daemon-link.ts'
import { describe, survey, tally, type HostDescription, type Size, type Surveyed } from './facts.ts'
import type { CreateParams } from './request.ts'

interface Reservation extends Size {
  /** Of the VM, once the daemon has told it: it is in its list then. */
  vm: string | undefined
}

export interface Admission {
  /** The daemon has given the VM this id. */
  noteVm(id: string): void
  release(): void
}

export class Capacity {
  readonly #daemon: Pick<DaemonLink, 'call'>
  readonly #limits: BrokerConfig['limits']
  readonly #reservations = new Set<Reservation>()
  #turn: Promise<unknown> = Promise.resolve()

  constructor(daemon: Pick<DaemonLink, 'call'>, limits: BrokerConfig['limits']) {
    this.#daemon = daemon
    this.#limits = limits
  }

  /** Decides, and where the answer is yes keeps the room until it is released. */
  admit(params: CreateParams): Promise<Admission | Extract<Decision, { takes: false }>> {
    return this.#inTurn(async () => {
      const decision = decide(params, this.#tally(await survey(this.#daemon)))
      return decision.takes ? this.reserve(decision) : decision
    })
  }

  /** Keeps room without asking whether there is any: for what this host has to make. */
  reserve({ memoryMiB, diskMiB }: Size): Admission {
    const reservation: Reservation = { memoryMiB, diskMiB, vm: undefined }
    this.#reservations.add(reservation)
    return {
      noteVm: (id) => (reservation.vm = id),
      release: () => void this.#reservations.delete(reservation),
    }
  }

  whyFull(): Promise<string | undefined> {
    return this.#inTurn(async () => whyFull(this.#tally(await survey(this.#daemon))))
  }

  async describe(host: string, whyNot: string | undefined): Promise<HostDescription> {
    const surveyed = await survey(this.#daemon)
    const facts = this.#tally(surveyed)
    return describe(this.#daemon, host, facts, surveyed.vms, whyNot ?? whyFull(facts))
  }

  #tally(surveyed: Surveyed): ReturnType<typeof tally> {
    const listed = new Set<string>(surveyed.vms.map(({ id }) => id))
    const coming = [...this.#reservations].filter(({ vm }) => vm === undefined || !listed.has(vm))
    return tally(surveyed, coming, this.#limits)
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work)
    this.#turn = mine.catch(() => undefined)
    return mine
  }
}
