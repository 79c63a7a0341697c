import t from 'tap'
import { RpcError } from '../../../../tui/connection-error.ts'
import { holdState } from '../hold-state.ts'
import { press } from '../press.ts'
import { drawFrame, makeState } from '../screen.tsx'

t.test('what has failed is not covered by what is done after it, until a key says that it was read', async (t) => {
  const held = holdState(makeState(), {
    'vm.start': ({ vm }: { vm: string }) => {
      if (vm === 'bad') throw new RpcError({ code: -32000, message: 'no room', data: { name: 'HOST_IO' } })
      return { vm: {} }
    },
  })
  const start = (vm: string): Promise<unknown> => held.operate('vm.start', { vm }, { label: `start ${vm}`, done: () => `${vm} runs` })
  await Promise.all([start('web'), start('bad'), start('mail')])
  t.same(held.get().notice, { kind: 'error', text: 'start bad: no room' })
  t.same(held.get().world.operations, [])
  press(held, 'j')
  await start('mail')
  t.same(held.get().notice, { kind: 'done', text: 'mail runs' })
})

t.test('of several that have failed, the first is told, and how many more', async (t) => {
  const held = holdState(makeState(), {
    'vm.start': ({ vm }: { vm: string }) => {
      throw new Error(`${vm}: no memory`)
    },
  })
  await Promise.all(['web', 'db', 'mail'].map((vm) => held.operate('vm.start', { vm }, { label: 'start' })))
  t.match(await drawFrame(held.get()), /^\(and 2 more failed\) start: web: no memory$/m)
})
