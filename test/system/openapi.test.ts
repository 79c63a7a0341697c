/** What `aetherscale http` answers before a real daemon, held against the description that it gives of itself. */
import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import { deriveRoutes } from '../../policy/http/routes.ts'
import type { OpenApiDocument } from '../../policy/http/openapi.ts'
import { fetchFrom, openDoor, readEvents } from '../tui/http/open-door.ts'
import { startTestDaemon } from './daemon.ts'
import { ensureTinyImage } from './tiny-image.ts'

const image = await ensureTinyImage()

/** Verb and path, body, and the status that is meant. In this order; `ROOT` is the daemon's folder. */
const requests: readonly (readonly [what: string, status: number, body?: object])[] = [
  ['POST /v1/image/import', 200, { path: image, name: 'tiny', firstBoot: 'nocloud' }],
  ['POST /v1/image/import', 409, { path: image, name: 'tiny' }],
  ['POST /v1/image/import', 400, { name: 'tiny' }],
  ['POST /v1/image/pull', 404, { source: 'nothing-of-the-kind' }],
  ['POST /v1/image/build', 400, { kind: 'odd' }],
  ['GET /v1/image', 200],
  ['GET /v1/image?odd=1', 400],
  ['GET /v1/image/catalogue', 200],
  ['PATCH /v1/image/tiny', 200, { firstBoot: 'nocloud' }],
  ['PATCH /v1/image/none', 404, { firstBoot: 'nocloud' }],
  ['GET /v1/vm/-/plan?image=tiny', 200],
  ['POST /v1/vm/-/plan', 200, { image: 'tiny', networks: [{ kind: 'user', forwards: [] }] }],
  ['POST /v1/vm', 200, { image: 'tiny', name: 'web', memoryMiB: 128 }],
  ['POST /v1/vm', 409, { image: 'tiny', name: 'web' }],
  ['POST /v1/vm', 404, { image: 'none' }],
  ['POST /v1/vm', 400, { image: 'tiny', vcpus: 'many' }],
  ['GET /v1/vm', 200],
  ['GET /v1/vm?state=running', 200],
  ['GET /v1/vm?state=odd', 400],
  ['GET /v1/vm/web', 200],
  ['GET /v1/vm/none', 404],
  ['GET /v1/vm/a%2Fb', 400],
  ['PATCH /v1/vm/web', 200, { autostart: false }],
  ['GET /v1/vm/web/wait?for=agent&timeoutSeconds=240', 200],
  ['GET /v1/vm/web/wait?for=stopped&timeoutSeconds=1', 504],
  ['POST /v1/vm/web/start', 200],
  ['GET /v1/vm/web/log?limitBytes=32', 200],
  ['GET /v1/vm/web/init-log', 409],
  ['GET /v1/vm/-/stats?overSeconds=0', 200],
  ['GET /v1/vm/-/stats?vms=web&overSeconds=1', 200],
  ['POST /v1/vm/web/exec', 200, { command: ['echo', 'hi'] }],
  ['POST /v1/vm/web/exec', 500, { command: ['/nothing'] }],
  ['POST /v1/vm/web/copy-in', 200, { path: '/root/x', data: 'aGk=', offset: 0, isLast: true }],
  ['POST /v1/vm/web/copy-out', 200, { path: '/root/x' }],
  ['POST /v1/vm/web/copy-out', 404, { path: '/nothing' }],
  ['POST /v1/vm/web/suspend', 200],
  ['POST /v1/vm/web/resume', 200],
  ['POST /v1/vm/web/snapshot', 200, { name: 'first' }],
  ['POST /v1/vm/web/snapshot', 409, { name: 'first' }],
  ['GET /v1/vm/web/snapshot', 200],
  ['POST /v1/vm/web/snapshot/first/restore', 409],
  ['POST /v1/vm/web/restart', 200, { force: true }],
  ['POST /v1/vm/web/stop', 200, { force: true }],
  ['POST /v1/vm/web/exec', 409, { command: ['true'] }],
  ['POST /v1/vm/web/snapshot/first/restore', 200],
  ['DELETE /v1/vm/web/snapshot/first', 200],
  ['DELETE /v1/vm/web/snapshot/first', 404],
  ['POST /v1/vm/web/resize', 200, { memoryMiB: 160 }],
  ['POST /v1/vm/web/clone', 200, { name: 'twin', start: false }],
  ['POST /v1/vm/web/export', 200, { path: 'ROOT/web.qcow2' }],
  ['DELETE /v1/vm/twin', 200],
  ['DELETE /v1/image/tiny', 409],
  ['DELETE /v1/vm/web', 200],
  ['DELETE /v1/image/tiny', 200],
  ['GET /v1/network', 200],
  ['POST /v1/network', 500, { name: 'lan' }],
  ['GET /v1/network/lan', 404],
  ['DELETE /v1/network/lan', 404],
  ['GET /v1/vpn', 200],
  ['POST /v1/vpn', 500, { name: 'blue' }],
  ['GET /v1/vpn/blue', 404],
  ['DELETE /v1/vpn/blue', 404],
  ['POST /v1/vpn/blue/invite', 404],
  ['POST /v1/vpn/join', 400, { token: 'x' }],
  ['POST /v1/vpn/accept', 400, { answer: 'x' }],
  ['POST /v1/vpn/blue/peer', 404, { name: 'b', port: 50001, publicKey: 'x' }],
  ['GET /v1/vpn/blue/peer', 404],
  ['DELETE /v1/vpn/blue/peer/b', 404],
  ['GET /v1/system/info', 200],
  ['GET /v1/system/doctor', 200],
  ['GET /v1/system/metrics', 200],
  ['GET /v1/rpc/discover', 200],
  ['GET /v1/openapi.json', 200],
  ['GET /metrics', 200],
]

interface Content {
  readonly schema?: { readonly contentSchema?: object }
}
interface Described {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, Content>> }
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content: Readonly<Record<string, Content>> }>>
}

t.test('every route answers as /v1/openapi.json says, with results and with problems', async (t) => {
  const daemon = await startTestDaemon(t)
  const { at } = await openDoor(t, daemon.sockets)
  const document = (await fetchFrom(at, 'GET /v1/openapi.json')).json as OpenApiDocument
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })
  ajv.addSchema(document, 'openapi')
  /** What is wrong with a value, by a schema of the document. */
  const judge = (schema: object | undefined, value: unknown): string => {
    const text = JSON.stringify(schema ?? {}).replaceAll('"#/components/', '"openapi#/components/')
    const validate = ajv.compile(JSON.parse(text) as object)
    return validate(value) ? '' : ajv.errorsText(validate.errors)
  }
  const find = (verb: string, path: string): readonly [name: string, operation: Described] => {
    const fits = Object.entries(document.paths).filter(([template, item]) => verb.toLowerCase() in item && new RegExp(`^${template.replaceAll('.', String.raw`\.`).replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path))
    const [name, item] = fits.find(([template]) => template === path) ?? fits[0]!
    return [`${verb} ${name}`, item[verb.toLowerCase()] as unknown as Described]
  }

  t.match(judge({ $ref: '#/components/schemas/Problem' }, { title: 1 }), /must have required property 'type'.*title must be string/, 'what is wrong is found')

  const events = readEvents(at, 'GET /v1/events', 5)
  const met = new Set<string>(['GET /v1/events', 'GET /v1/stats'])
  for (const [what, status, asked] of requests) {
    const [verb, url] = what.split(' ') as [string, string]
    const [path, query = ''] = url.split('?') as [string, string?]
    const [name, operation] = find(verb, path)
    met.add(name)
    const body = asked && (JSON.parse(JSON.stringify(asked).replaceAll('ROOT', daemon.root)) as object)
    const answer = await fetchFrom(at, what, body === undefined ? {} : { body })
    t.equal(answer.status, status, `${what}: ${answer.status < 400 ? '' : answer.text}`)
    const type = answer.headers['content-type']!.split(';')[0]!
    const listed = operation.responses[answer.status] ?? operation.responses['default']!
    t.ok(type in listed.content, `${what}: ${type}`)
    t.equal(type.endsWith('json') ? judge(listed.content[type]!.schema, answer.json) : '', '', what)
    const isTaken = answer.status === 200
    if (isTaken && body) t.equal(judge(operation.requestBody?.content['application/json']?.schema, body), '', `${what}: its body`)
    const names = (operation.parameters ?? []).flatMap((each) => (each.in === 'query' ? [each.name] : []))
    if (isTaken) t.strictSame([...new URLSearchParams(query).keys()].filter((param) => !names.includes(param)), [], `${what}: its query`)
    if (!isTaken) t.match(listed.description, (answer.json as { name: string }).name, `${what}: the error is named`)
  }
  t.strictSame([...deriveRoutes().map(({ verb, path }) => `${verb} ${path}`)].filter((name) => !met.has(name)), [], 'none is left out')

  const streamed = (path: string): object | undefined => find('GET', path)[1].responses['200']!.content['text/event-stream']!.schema!.contentSchema
  for (const { data } of await events) t.equal(judge(streamed('/v1/events'), data), '')
  for (const { data } of await readEvents(at, 'GET /v1/stats?everySeconds=1', 1)) t.equal(judge(streamed('/v1/stats'), data), '')
  const [seen, ...missed] = await readEvents(at, 'GET /v1/events?recent=3', 3)
  t.strictSame((await readEvents(at, 'GET /v1/events', 2, { headers: { 'last-event-id': seen!.id! } })).slice(0, 2), missed.slice(0, 2), 'the daemon tells them in the same words again')
})
