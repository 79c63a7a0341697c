/**
 * The old commands that reach every host: `list-vms` is answered by each, the others by the host that has the VM. A VM that none
 * has is an error that is answered once: the first host by name asks the others, and answers when none of them has it.
 */
import { randomUUID } from 'node:crypto'
import type { Channel, Connection } from 'rabbitmq-client'
import type { Logger } from 'pino'
import { COMPUTING, LEGACY_FOR_ALL } from '../../policy/broker/topology.ts'
import { LegacyMessage, LegacyVm, type LegacyCommand } from '../../policy/legacy.ts'
import { RpcError } from '../client.ts'
import { inOneLine } from '../in-one-line.ts'
import { deleteVm, listVms, startVm, stopVm } from '../legacy/commands.ts'
import { fail, succeed } from './answers.ts'
import { Consumer, type Delivery } from './consumer.ts'
import { isAway, type DaemonLink } from './daemon-link.ts'
import { addressOf, textOf, type ReturnAddress } from './message.ts'
import type { Outbox } from './outbox.ts'
import type { Reply } from './reply.ts'

/** Routing key of the question that hosts ask each other: who has this VM? */
const WHO_HAS = 'aetherscale-who-has'
/** The old clients wait 5 s for answers. */
const OTHERS_MS = 2000
/** A stop takes one until the guest has powered down. */
const COMMANDS_AT_ONCE = 64
const TALK_AT_ONCE = 64
/** A VM that this host has deleted a moment ago was its own, whoever asks meanwhile. */
const REMEMBERED_MS = 10_000

type ForOne = Exclude<LegacyCommand, 'list-vms' | 'create-vm'>

export interface HostCommandsOptions {
  readonly connection: Connection
  /** Sees that the exchange is there. */
  readonly prepare: () => Promise<unknown>
  readonly host: string
  readonly knownHosts: () => readonly string[]
  /** Whether others than these are not there. */
  readonly isAcquainted: () => boolean
  readonly daemon: DaemonLink
  readonly outbox: Outbox
  readonly reply: Reply
  readonly onError: (error: unknown) => void
  readonly log: Logger
}

/** What the first host waits for: the answer of each other one; whoever there may be, where they are not known yet. */
interface Question {
  readonly missing: Set<string>
  readonly isAcquainted: boolean
  readonly settle: (isAnywhere: boolean) => void
}

export class HostCommands {
  readonly #commands: Consumer
  /** What hosts ask each other, and the answers: commands wait for these, so they have a queue of their own. */
  readonly #talk: Consumer
  readonly #options: HostCommandsOptions
  readonly #questions = new Map<string, Question>()
  /** VMs that a command has found here, with the time at which that is forgotten. */
  readonly #found = new Map<string, number>()
  /** Where answers to this host go. */
  #talkQueue = ''

  constructor(options: HostCommandsOptions) {
    this.#options = options
    const { connection, onError } = options
    const prepare = async (channel: Channel): Promise<string> => {
      await options.prepare()
      // It ends with its consumer, and so do the commands in it: nobody is to stop a VM because somebody wanted it an hour ago.
      const { queue } = await channel.queueDeclare({ queue: '', exclusive: true, autoDelete: true })
      return queue
    }
    this.#commands = new Consumer({
      connection,
      prepare,
      bindings: LEGACY_FOR_ALL.map((routingKey) => ({ exchange: COMPUTING, routingKey })),
      atOnce: COMMANDS_AT_ONCE,
      handle: (delivery) => this.#once(delivery, () => this.#carryOut(delivery)),
      onError,
    })
    this.#talk = new Consumer({
      connection,
      prepare: async (channel) => (this.#talkQueue = await prepare(channel)),
      bindings: [{ exchange: COMPUTING, routingKey: WHO_HAS }],
      atOnce: TALK_AT_ONCE,
      handle: (delivery) => this.#once(delivery, () => this.#converse(delivery)),
      onError,
    })
  }

  start(): void {
    this.#talk.start()
    this.#commands.start()
  }

  /** Takes no more; resolves when what is under way has ended, for which other hosts may have to be heard. */
  async stop(): Promise<void> {
    await this.#commands.stop()
    await this.#talk.stop()
  }

  /** Tried again it would be another command: whoever gave it may have given the next one by now. */
  async #once(delivery: Delivery, work: () => Promise<void>): Promise<void> {
    await work().catch(this.#options.onError)
    delivery.ack()
  }

  async #carryOut({ message }: Delivery): Promise<void> {
    const { daemon, reply, log } = this.#options
    const address = addressOf(message)
    const read = readCommand(message)
    if ('reason' in read) {
      log.warn({ why: read.reason }, 'a command that cannot be read')
      // All hosts have got it, and one answer says it.
      if (this.#isFirst()) await reply(address, fail(read.reason))
      return
    }
    try {
      if (read.command === 'list-vms') return await reply(address, succeed(await listVms(daemon)))
      await this.#carryOutOne(read.command, read.vm, address)
    } catch (error) {
      if (isAway(error)) log.warn({ command: read.command }, 'a command came while the daemon is away, and is lost')
      else if (error instanceof RpcError) await reply(address, fail(inOneLine(error)))
      else throw error
    }
  }

  async #carryOutOne(command: ForOne, options: LegacyVm, address: ReturnAddress): Promise<void> {
    const { daemon, reply, log } = this.#options
    const vm = options['vm-id']
    let id
    try {
      ;({ id } = await daemon.call('vm.get', { vm }))
    } catch (error) {
      // Its grammar is the daemon's to say; what is no name of a VM is the name of none.
      if (!(error instanceof RpcError) || (error.name !== 'VM_NOT_FOUND' && error.name !== 'INVALID_PARAMS')) throw error
      if (this.#isFirst() && !(await this.#isElsewhere(vm))) await reply(address, fail(error.name === 'VM_NOT_FOUND' ? error.message : `There is no VM "${vm}"`))
      return
    }
    this.#remember(vm)
    log.info({ command, vm: id }, 'a command')
    if (command === 'start-vm') return reply(address, succeed(await startVm(daemon, id)))
    if (command === 'delete-vm') return reply(address, succeed(await deleteVm(daemon, id)))
    const { answer, done } = await stopVm(daemon, { ...options, 'vm-id': id })
    await reply(address, succeed(answer))
    await done
  }

  /** Asks the other hosts; one that does not answer in time has not got it. */
  async #isElsewhere(vm: string): Promise<boolean> {
    const { outbox, host, knownHosts } = this.#options
    const missing = new Set(knownHosts().filter((name) => name !== host))
    const isAcquainted = this.#options.isAcquainted()
    if (missing.size === 0 && isAcquainted) return false
    const question = randomUUID()
    const { promise, resolve } = Promise.withResolvers<boolean>()
    this.#questions.set(question, { missing, isAcquainted, settle: resolve })
    const timer = setTimeout(() => resolve(false), OTHERS_MS)
    try {
      await outbox.send({ exchange: COMPUTING, routingKey: WHO_HAS, correlationId: question, replyTo: this.#talkQueue }, { vm })
      return await promise
    } finally {
      clearTimeout(timer)
      this.#questions.delete(question)
    }
  }

  /** The question of another host, or an answer to ours. */
  async #converse({ message }: Delivery): Promise<void> {
    const { daemon, reply, host } = this.#options
    const said = readSaid(message)
    if (message.routingKey === WHO_HAS) {
      const vm = String(said.vm)
      if (message.replyTo === this.#talkQueue) return
      const has = this.#remembers(vm) || (await daemon.call('vm.get', { vm }).then(() => true, () => false))
      return reply(addressOf(message), { host, has })
    }
    const question = this.#questions.get(message.correlationId ?? '')
    if (!question) return
    question.missing.delete(String(said.host))
    if (said.has === true) question.settle(true)
    else if (question.missing.size === 0 && question.isAcquainted) question.settle(false)
  }

  #isFirst(): boolean {
    const { host, knownHosts } = this.#options
    return knownHosts().every((other) => host <= other)
  }

  #remember(vm: string): void {
    const now = Date.now()
    for (const [name, until] of this.#found) if (until < now) this.#found.delete(name)
    this.#found.set(vm, now + REMEMBERED_MS)
  }

  #remembers(vm: string): boolean {
    return (this.#found.get(vm) ?? 0) > Date.now()
  }
}

interface Said {
  readonly vm?: unknown
  readonly host?: unknown
  readonly has?: unknown
}

/** Anybody who may publish could have said it. */
function readSaid(message: Delivery['message']): Said {
  try {
    return (JSON.parse(textOf(message)) as Said | null) ?? {}
  } catch {
    return {}
  }
}

type Command = { readonly command: 'list-vms' } | { readonly command: ForOne; readonly vm: LegacyVm }

function readCommand(message: Delivery['message']): Command | { readonly reason: string } {
  let body: unknown
  try {
    body = JSON.parse(textOf(message))
  } catch {
    return { reason: 'the body is not JSON' }
  }
  const read = LegacyMessage.safeParse(body)
  if (!read.success) return { reason: 'the body is no object with a command' }
  const { command, options } = read.data
  if (command === 'list-vms') return { command }
  if (!(LEGACY_FOR_ALL as readonly string[]).includes(command)) return { reason: `there is no command ${JSON.stringify(command.slice(0, 64))} here` }
  const vm = LegacyVm.safeParse(options ?? {})
  return vm.success ? { command: command as ForOne, vm: vm.data } : { reason: 'the options do not fit: vm-id must be text, kill true or false' }
}
