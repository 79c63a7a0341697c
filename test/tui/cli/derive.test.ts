import { readFile } from 'node:fs/promises'
import t from 'tap'
import * as z from 'zod'
import { methods } from '../../../policy/api/index.ts'
import { method, type CommandSpec } from '../../../policy/api/method.ts'
import { ImageName, NetworkName, VmRef } from '../../../policy/names.ts'
import type { Command } from '../../../tui/cli/command-table.ts'
import { deriveCommands } from '../../../tui/cli/derive.ts'
import { globalOptions } from '../../../tui/cli/own-commands.ts'

function derive(params: z.ZodRawShape, command: CommandSpec, access: 'observe' | 'control' = 'control'): Command {
  const entry = method({ summary: 'S', params: z.strictObject(params), result: z.object({}), errors: [], access, command })
  return deriveCommands({ 'x.y': entry }).commands[0]!
}

const option = (params: z.ZodRawShape) => derive(params, { words: ['x'] }).options[0]

t.test('the committed table is what the contracts give', async (t) => {
  const committed = await readFile(new URL('../../../tui/cli/commands.generated.json', import.meta.url), 'utf8')
  t.strictSame(JSON.parse(committed), deriveCommands(methods), 'else: npm run generate')
})

t.test('no option of a command shadows one of every command', async (t) => {
  const everywhere = globalOptions.map(({ flag }) => flag)
  for (const { words, options } of deriveCommands(methods).commands) {
    const shadowing = options.filter(({ flag }) => everywhere.includes(flag)).map(({ flag }) => flag)
    t.strictSame(shadowing, [], words.join(' '))
  }
})

t.test('a param becomes an option by its schema', async (t) => {
  const size = z.int().positive().max(1024).meta({ unit: 'MiB' }).default(512).describe('Memory')
  t.strictSame(option({ memoryMiB: size }), {
    param: 'memoryMiB',
    flag: 'memory',
    placeholder: 'SIZE',
    about: 'Memory',
    required: false,
    fallback: 512,
    shape: { kind: 'integer', min: 1, max: 1024, unit: 'MiB' },
  })
  t.match(option({ timeoutSeconds: z.int().meta({ unit: 's' }) }), { flag: 'timeout', placeholder: 'TIME', required: true })
  t.match(option({ dryRun: z.boolean().optional() }), { flag: 'dry-run', shape: { kind: 'boolean' } })
  t.match(option({ source: z.enum(['a', 'b']) }), { placeholder: 'a|b', shape: { kind: 'choice', choices: ['a', 'b'] } })
  t.match(option({ kinds: z.array(z.enum(['a'])) }), { flag: 'kind', shape: { kind: 'list', items: { kind: 'choice' } } })
  t.match(option({ path: z.string().meta({ hostPath: true }) }), { shape: { kind: 'path' } })
  t.match(option({ addresses: z.array(z.string()) }), { flag: 'address' })
})

t.test('VMs by position are completed, and named one by one', async (t) => {
  const { positionals } = derive({ vms: z.array(VmRef).optional() }, { words: ['x'], args: ['vms'] }, 'observe')
  t.match(positionals, [{ param: 'vms', placeholder: 'VM', required: false, completes: 'vm', shape: { kind: 'list' } }])
})

t.test('a tagged union keeps its tag and the fields of each alternative', async (t) => {
  const network = z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('user'), forwards: z.array(z.string()).default([]) }).describe('NAT'),
    z.strictObject({ kind: z.literal('bridge'), bridge: z.string() }),
  ])
  const { shape } = option({ networks: z.array(network) })!
  t.match(shape, { kind: 'list', items: { kind: 'variants', tag: 'kind' } })
  const { variants } = (shape as unknown as { items: { variants: { name: string; about: string; fields: { flag: string }[] }[] } }).items
  t.strictSame(variants.map(({ name, about, fields }) => [name, about, fields.map(({ flag }) => flag)]), [
    ['user', 'NAT', ['forward']],
    ['bridge', '', ['bridge']],
  ])
})

t.test('positionals come from args, and names of what is there are completed', async (t) => {
  const create = derive({ image: ImageName, name: ImageName.optional() }, { words: ['vm', 'create'], args: ['image'] })
  t.match(create.positionals, [{ placeholder: 'IMAGE', completes: 'image', required: true }])
  t.equal(create.options[0]?.completes, undefined, 'a new name is not one that is there')
  t.equal(create.several, undefined, 'what is made is not what the command is about')
  const make = derive({ name: NetworkName }, { words: ['network', 'create'], args: ['name'] })
  t.equal(make.positionals[0]?.completes, undefined)
  const remove = derive({ network: NetworkName }, { words: ['network', 'delete'], args: ['network'] })
  t.match(remove, { several: true, positionals: [{ completes: 'network' }] })
  const stop = derive({ vm: VmRef }, { words: ['vm', 'stop'], args: ['vm'] })
  t.match(stop, { several: true, positionals: [{ completes: 'vm' }] })
  t.equal(derive({ vm: VmRef }, { words: ['vm', 'get'], args: ['vm'] }, 'observe').several, undefined)
})

t.test('a command keeps for itself what it omits, and a list that is positional is called what it is', async (t) => {
  const { positionals, options } = derive(
    { vm: VmRef, command: z.array(z.string()), data: z.array(z.string()), limit: z.int() },
    { words: ['x'], args: ['vm', 'command'], omits: ['data'] },
  )
  t.match(positionals, [{ param: 'vm' }, { param: 'command', placeholder: 'COMMAND', shape: { kind: 'list' } }])
  t.strictSame(options.map(({ param }) => param), ['limit'])
})

t.test('prose names options as they are typed', async (t) => {
  const limit = z.int().default(1)
  const { options } = derive({ offset: z.int().describe('The last `limitBytes` where not said'), limitBytes: limit }, { words: ['x'] })
  t.equal(options[0]?.about, 'The last --limit-bytes where not said')
})

t.test('what the command line cannot say is refused when it is generated', async (t) => {
  t.throws(() => option({ where: z.object({ x: z.string() }) }), /where: the command line has no form/)
  t.throws(() => option({ data: z.array(z.string()) }), /data: a list's name is a plural/)
  t.throws(() => derive({}, { words: ['x'], args: ['gone'] }), /args names gone/)
})
