import t from 'tap'
import { UserError } from '../../../policy/errors.ts'
import type { MethodName } from '../../../policy/api/index.ts'
import { checkParams } from '../../../daemon/rpc/params.ts'

function refusalOf(name: MethodName, params: unknown): UserError {
  try {
    checkParams(name, params)
  } catch (error) {
    if (error instanceof UserError) return error
    throw error
  }
  throw new Error(`${name} took ${JSON.stringify(params)}`)
}

const cases: { name: MethodName; params: unknown; field: string | undefined; says: RegExp }[] = [
  { name: 'vm.get', params: {}, field: 'vm', says: /^vm\.get: vm is missing \(Id or name of a VM/ },
  { name: 'vm.get', params: undefined, field: 'vm', says: /vm is missing/ },
  { name: 'vm.get', params: { vm: 5 }, field: 'vm', says: /vm: .*expected string, received number.*such as adbvzwdf, web-1/ },
  { name: 'vm.get', params: ['web'], field: undefined, says: /by name/ },
  { name: 'vm.get', params: [], field: undefined, says: /by name/ },
  { name: 'vm.get', params: { vm: 'web', force: true }, field: 'force', says: /unknown: force/ },
  { name: 'vm.create', params: { image: '../etc/passwd' }, field: 'image', says: /without folder and ending/ },
  { name: 'vm.create', params: { imgae: 'tiny', a: 1 }, field: 'image', says: /image is missing.*unknown: imgae, a/ },
  { name: 'vm.create', params: { image: 'tiny', memoryMiB: 1 }, field: 'memoryMiB', says: /memoryMiB: .*32/ },
  { name: 'vm.create', params: { image: 'tiny', memoryMiB: 64.5 }, field: 'memoryMiB', says: /expected int/ },
  { name: 'vm.create', params: { image: 'tiny', networks: [{ kind: 'x' }] }, field: 'networks.0.kind', says: /'user'/ },
  {
    name: 'vm.create',
    params: { image: 'tiny', networks: [{ kind: 'user', forwards: ['2222:22', 'ssh'] }] },
    field: 'networks.0.forwards.1',
    says: /networks\.0\.forwards\.1 does not have the form expected \(\[tcp:\|udp:\].*such as 2222:22/,
  },
  { name: 'vm.create', params: { image: 'tiny', networks: [{ kind: 'user', x: 1 }] }, field: 'networks.0.x', says: /unknown: networks\.0\.x/ },
  { name: 'vm.wait', params: { vm: 'a', for: 'ever' }, field: 'for', says: /running/ },
  { name: 'vm.list', params: JSON.parse('{"__proto__":{}}'), field: '__proto__', says: /unknown: __proto__/ },
]

for (const { name, params, field, says } of cases) {
  t.test(`${name} ${JSON.stringify(params)} is refused with the field and what it should be`, async (t) => {
    const refusal = refusalOf(name, params)
    t.equal(refusal.data.name, 'INVALID_PARAMS')
    t.equal(refusal.data.field, field)
    t.match(refusal.message, says)
  })
}

t.test('the hint lists what the method takes, optional ones in brackets', async (t) => {
  t.equal(refusalOf('vm.wait', {}).data.hint, 'vm.wait takes vm, [for], [timeoutSeconds]')
  t.equal(refusalOf('system.info', { x: 1 }).data.hint, 'system.info takes no params')
})

t.test('many or long unknown names do not make a long message', async (t) => {
  const many = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`key${i}`.padEnd(200, 'x'), i]))
  const refusal = refusalOf('vm.list', many)
  t.ok(refusal.message.length < 2000)
  t.match(refusal.message, /and 4992 more/)
})

t.test('what fits comes back with its defaults', async (t) => {
  t.same(checkParams('vm.stop', { vm: 'web' }), { vm: 'web', force: false, timeoutSeconds: 60 })
  t.same(checkParams('vm.list', undefined), {})
})
