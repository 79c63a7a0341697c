/** The routes of the first aetherscale, for the scripts that have them. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { UserError } from '../../../policy/errors.ts'
import { LegacyCreate, LegacyStatus } from '../../../policy/legacy.ts'
import type { Client } from '../../client.ts'
import { RpcError } from '../../connection-error.ts'
import { createVm, deleteVm, listVms, listVpns, showVm, showVpn, startVm, stopVm } from '../../legacy/commands.ts'
import type { DoorContext } from '../context.ts'
import { ClientGone, whenGone } from '../leaving.ts'
import { unquote } from './read-params.ts'
import { refuseChange } from './refuse-change.ts'

type Daemon = Pick<Client, 'call'>
type Named = FastifyRequest<{ Params: { name: string } }>

export function addLegacyRoutes(app: FastifyInstance, context: DoorContext): void {
  const { daemon, access, legacy, closing, warn } = context

  /** Questions share a connection. */
  const ask = async <T>(reply: FastifyReply, work: (daemon: Daemon) => Promise<T>): Promise<T> => {
    const gone = whenGone(reply.raw)
    const call = async (method: never, params: unknown): Promise<unknown> =>
      JSON.parse((await daemon.ask(method, JSON.stringify(params), gone)).toString())
    return await work({ call: call as Client['call'] }).catch(hideGrammar)
  }
  const change = async <T>(reply: FastifyReply, work: (client: Client) => Promise<T>): Promise<T> => {
    refuseChange(access)
    return await daemon.withClient(whenGone(reply.raw), work).catch(hideGrammar)
  }

  app.get('/vm', async (_request, reply) => await ask(reply, listVms))
  app.get('/vm/:name', async ({ params }: Named, reply) => await ask(reply, (client) => showVm(client, params.name)))
  app.get('/vpn', async (_request, reply) => await ask(reply, listVpns))
  app.get('/vpn/:name', async ({ params }: Named, reply) => await ask(reply, (client) => showVpn(client, params.name)))

  app.post('/vm', async (request, reply) => {
    const options = check(LegacyCreate, request.body)
    const key = request.headers['idempotency-key']
    return await change(reply, (client) => createVm(client, options, legacy, key === undefined ? {} : { requestId: unquote(String(key)) }))
  })
  app.patch('/vm/:name', async (request: Named, reply) => {
    const { status } = check(LegacyStatus, request.body)
    const { name } = request.params
    if (status === 'started') return await change(reply, (client) => startVm(client, name))
    return await new Promise((answer, fail) => {
      // the connection stays until the guest has powered down, which may be long after the answer
      const stopping = change(reply, async (client) => {
        const stopped = await stopVm(client, { 'vm-id': name, kill: undefined })
        answer(stopped.answer)
        await stopped.done
      })
      stopping.catch((error: Error) => {
        fail(error)
        if (reply.sent && !(error instanceof ClientGone) && !closing.aborted) warn({ vm: name, err: error }, 'the VM was not stopped')
      })
    })
  })
  app.delete('/vm/:name', async ({ params }: Named, reply) => await change(reply, (client) => deleteVm(client, params.name)))
}

interface Schema<T> {
  safeParse(value: unknown): { readonly success: true; readonly data: T } | { readonly success: false; readonly error: { readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[] } }
}

function check<T>(schema: Schema<T>, body: unknown): T {
  const checked = schema.safeParse(body ?? {})
  if (checked.success) return checked.data
  const issue = checked.error.issues[0]
  const field = issue?.path.map(String).join('.')
  throw new UserError('INVALID_PARAMS', `${field}: ${issue?.message}`, field ? { field } : {})
}

/** To the first program every text was a name, of something that is there or not. */
function hideGrammar(error: unknown): never {
  if (error instanceof RpcError && error.name === 'INVALID_PARAMS' && (error.field === 'vm' || error.field === 'vpn')) {
    throw new UserError(error.field === 'vm' ? 'VM_NOT_FOUND' : 'VPN_NOT_FOUND', error.field === 'vm' ? 'There is no such VM' : 'There is no such VPN')
  }
  throw error
}
