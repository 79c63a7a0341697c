/** What hosts that have pinned each other ask one another, in envelopes. */
import type { Logger } from 'pino'
import type * as z from 'zod'
import type { EnvelopePurpose } from '../../../policy/broker/envelope.ts'
import { Enveloped, envelopeContents } from '../../../policy/broker/host-methods.ts'
import { UserError } from '../../../policy/errors.ts'
import { askOne } from '../ask-one.ts'
import type { Asker } from '../asker.ts'
import { ClusterError } from '../cluster-error.ts'
import { EnvelopeRefusal, openEnvelope, sealEnvelope, type Nonces, type Opening } from '../keys/envelope.ts'
import type { HostKey } from '../keys/host-key.ts'
import type { Pins } from '../keys/pins.ts'

export type Purpose = 'vpn-invitation' | 'vpn-joined'
export type Content<P extends EnvelopePurpose> = z.output<(typeof envelopeContents)[P]>

/** How long the other host has to take a question, and to answer it: its daemon may have to start a tunnel. */
const WAITS_MS = 10_000
const ANSWERS_MS = 60_000

export interface ConversationOptions {
  readonly self: { readonly name: string; readonly key: HostKey }
  readonly pins: () => Pins
  readonly asker: Asker
  readonly nonces: Nonces
  readonly log: Logger
}

export class Conversation {
  readonly #options: ConversationOptions

  constructor(options: ConversationOptions) {
    this.#options = options
  }

  /**
   * Asks a host that is pinned.
   *
   * @throws ClusterError, RpcError, EnvelopeRefusal
   */
  async ask<P extends Purpose>(host: string, purpose: P, content: Content<P>): Promise<Content<`${P}-answer`>> {
    const { self, pins, asker } = this.#options
    const key = pins().get(host)
    if (!key) throw new ClusterError('denied', `host "${host}" is not pinned here`, { hint: `aetherscale host trust ${host} KEY` })
    const envelope = sealEnvelope({ from: self, to: { name: host, key }, purpose, content, now: new Date() })
    const result = await askOne(asker, host, { method: `host.${purpose}`, params: { envelope }, waitsMs: WAITS_MS, answersMs: ANSWERS_MS })
    const { data } = Enveloped.safeParse(result)
    if (!data) throw new ClusterError('failed', `host "${host}" answers ${purpose} with something else than an envelope`)
    const opened = this.#open(data.envelope, `${purpose}-answer`, { answers: { nonce: envelope.nonce, by: host } })
    const answer = envelopeContents[`${purpose}-answer`].safeParse(opened)
    if (!answer.success) throw new ClusterError('failed', `host "${host}" answers ${purpose} with something else`)
    return answer.data as Content<`${P}-answer`>
  }

  /** Makes a method of an answer to such a question. `sender` is pinned, and the question its own. */
  method<P extends Purpose>(purpose: P, answer: (sender: string, content: Content<P>) => Promise<Content<`${P}-answer`>>): (params: unknown) => Promise<unknown> {
    const { self, pins } = this.#options
    return async (params) => {
      const { data } = Enveloped.safeParse(params)
      if (!data) throw new UserError('INVALID_PARAMS', 'The params are no envelope')
      const { sender, nonce } = data.envelope
      const content = envelopeContents[purpose].safeParse(this.#openOrDeny(data.envelope, purpose))
      if (!content.success) throw new UserError('INVALID_PARAMS', `What is in the envelope is no ${purpose}`)
      const said = await answer(sender, content.data as Content<P>)
      const key = pins().get(sender)
      if (!key) throw new UserError('ACCESS_DENIED', `Host "${sender}" is no more pinned here`)
      return { envelope: sealEnvelope({ from: self, to: { name: sender, key }, purpose: `${purpose}-answer`, content: said, now: new Date(), inReplyTo: nonce }) }
    }
  }

  /** Who is refused learns why: its own admin is the one to mend it. */
  #openOrDeny(envelope: z.output<typeof Enveloped>['envelope'], purpose: EnvelopePurpose): unknown {
    try {
      return this.#open(envelope, purpose)
    } catch (error) {
      if (!(error instanceof EnvelopeRefusal)) throw error
      this.#options.log.warn({ sender: envelope.sender, purpose: envelope.purpose, why: error.problem }, 'an envelope is refused')
      throw new UserError('ACCESS_DENIED', error.message, { ...this.#advise(error, envelope.sender), cause: error })
    }
  }

  #advise({ problem }: EnvelopeRefusal, sender: string): { readonly hint?: string } {
    const pin = `on ${this.#options.self.name}: aetherscale host trust ${sender} KEY`
    if (problem === 'of a host that is not pinned here') return { hint: pin }
    return problem === 'forged' ? { hint: `if ${sender} has another key than the one that was pinned, ${pin}` } : {}
  }

  #open(envelope: z.output<typeof Enveloped>['envelope'], purpose: EnvelopePurpose, more: Pick<Opening, 'answers'> = {}): unknown {
    const { self, pins, nonces } = this.#options
    const pinned = pins()
    return openEnvelope(envelope, { self, pinned: (host) => pinned.get(host), purpose, now: new Date(), nonces, ...more })
  }
}
