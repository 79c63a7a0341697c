import { Ajv } from 'ajv'
import metaSchema from '@open-rpc/meta-schema'
import t from 'tap'
import { methods } from '../../policy/api/index.ts'
import { errorTable } from '../../policy/errors.ts'
import { describeApi } from '../../policy/openrpc.ts'

const document = describeApi(methods, '1.2.3')

/** Every string under a `$ref` key. */
function collectReferences(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, member]) =>
    key === '$ref' && typeof member === 'string' ? [member] : collectReferences(member),
  )
}

t.test('the document satisfies the OpenRPC meta-schema', async (t) => {
  // It refers to JSON Schema draft 7 by another address, spelled in two ways, and there to one definition more.
  const address = 'https://draft-07.test/'
  const draft7 = new Ajv().getSchema('http://json-schema.org/draft-07/schema#')?.schema as { definitions: object }
  const definitions = { ...draft7.definitions, JSONSchemaObject: { properties: { $ref: { type: 'string' } } } }
  const { openrpcDocument } = metaSchema as unknown as { openrpcDocument: object }
  const readdressed = JSON.stringify(openrpcDocument).replaceAll(/https:\/\/meta\.json-schema\.tools\/?/g, address)
  const ajv = new Ajv({ strict: false, validateSchema: false, validateFormats: false })
  ajv.addSchema({ ...draft7, $id: address, definitions })
  const validate = ajv.compile({ ...(JSON.parse(readdressed) as object), $schema: address })
  t.ok(validate(document), JSON.stringify(validate.errors))
  t.notOk(validate({ ...document, methods: [{ name: 'x' }] }), 'a method without params is found')
  const spoilt = { ...document.methods[0], result: { name: 'result', schema: { type: 'text' } } }
  t.notOk(validate({ ...document, methods: [spoilt] }), 'a schema that is none is found')
})

t.test('every method of the table is described, with its access and its errors', async (t) => {
  t.strictSame(document.methods.map(({ name }) => name), Object.keys(methods))
  const create = document.methods.find(({ name }) => name === 'vm.create')!
  t.equal(create['x-access'], 'control')
  t.equal(create['x-progress'], true)
  t.match(create.errors, [{ code: errorTable.VM_NAME_TAKEN.code, data: { name: 'VM_NAME_TAKEN' } }])
  t.match(create.params.find(({ name }) => name === 'image'), { required: true })
  t.match(create.params.find(({ name }) => name === 'vcpus'), { required: false, schema: { default: 1 } })
})

t.test('codes of one method differ, as OpenRPC demands', async (t) => {
  for (const { name, errors } of document.methods) {
    const codes = errors.map(({ code }) => code)
    t.equal(new Set(codes).size, codes.length, name)
  }
})

t.test('every reference leads to a schema of the document that a validator takes', async (t) => {
  const references = [...new Set(collectReferences(document))]
  t.ok(references.length > 5)
  const { schemas } = document.components
  for (const reference of references) t.ok(reference.replace('#/components/schemas/', '') in schemas, reference)
  const ajv = new Ajv({ strict: false, formats: { 'date-time': true } })
  ajv.addSchema({ $id: 'doc', components: document.components })
  const validate = ajv.getSchema('doc#/components/schemas/PortForward')!
  t.ok(validate('2222:22'))
  t.notOk(validate('2222'))
})

t.test('the notifications are described', async (t) => {
  t.strictSame(document['x-notifications'].map(({ name }) => name), ['event', 'stats', 'progress', 'disconnect'])
})

t.test("title and version are the caller's", async (t) => {
  t.match(document.info, { title: 'aetherscale', version: '1.2.3' })
  t.match(describeApi(methods, '2', 'other').info, { title: 'other', version: '2' })
})

t.test('the document is plain JSON', async (t) => {
  t.strictSame(JSON.parse(JSON.stringify(document)), document)
})
