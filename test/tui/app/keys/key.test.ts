import type { Key } from 'ink'
import t from 'tap'
import { readKeys } from '../../../../tui/app/keys/key.ts'
import { pressKey } from '../../../../tui/app/keys/route.ts'
import { withVms } from '../../../../tui/app/model/world.ts'
import { makeVms } from '../../../inputs/vms.ts'
import { holdState, type Held } from '../hold-state.ts'
import { press } from '../press.ts'
import { makeState, makeWorld } from '../screen.tsx'

/** As Ink tells of it: what was typed behind an ESC has `meta`. */
const pressAlt = (context: Held, input: string, more: Partial<Key> = {}): void => {
  for (const key of readKeys(input, { meta: true, ...more } as Key)) pressKey(key, context)
}
const hold = (): Held => holdState(makeState({ world: withVms(makeWorld(), makeVms(3)) }))

t.test('keys that come in one piece are keys of their own', (t) => {
  t.same(readKeys('jx\r', {} as Key), [{ name: 'j', text: 'j' }, { name: 'x', text: 'x' }, { name: 'enter' }])
  t.end()
})

t.test('esc and a key right behind it are both of them, where nothing is typed', (t) => {
  const context = hold()
  press(context, '/', 'vm', 'enter')
  pressAlt(context, 'd')
  t.match(context.get().stack, [{ list: { filter: '' } }])
  t.equal(context.get().dialog?.title, 'Delete vm-0000?')
  t.end()
})

t.test('Alt moves and deletes by words in what is typed, as in a shell, and never leaves it to do something else', (t) => {
  const context = hold()
  press(context, ':', 'vm stop web')
  pressAlt(context, 'b')
  pressAlt(context, 'b')
  t.match(context.get().prompt, { field: { text: 'vm stop web', at: 3 } })
  pressAlt(context, 'd')
  t.match(context.get().prompt, { field: { text: 'vm  web', at: 3 } })
  pressAlt(context, 'f')
  pressAlt(context, '', { backspace: true })
  t.match(context.get().prompt, { field: { text: 'vm  ', at: 4 } })
  pressAlt(context, 's')
  t.match(context.get().prompt, { field: { text: 'vm  ' } })
  t.same(context.asked.filter(({ method }) => !method.startsWith('refresh')), [])
  press(context, 'esc', 'd')
  press(context, 'vm-0000')
  pressAlt(context, '', { backspace: true })
  t.match(context.get().dialog?.typed?.field, { text: '' })
  t.end()
})

t.test('in a field of a form too', (t) => {
  const context = hold()
  press(context, 'c', 'a')
  pressAlt(context, 'x')
  t.equal(context.get().stack.length, 2, 'the form is there')
  t.equal(context.get().dialog, undefined)
  t.end()
})
