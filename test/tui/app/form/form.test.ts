import t from 'tap'
import type { ChoiceInput, FormField, NumberInput, TextInput } from '../../../../tui/app/form/field.ts'
import { choiceOf, emptyForm, focusedField, jumpToChoice, moveFocus, pick, setText, stepChoice, textOf, withError } from '../../../../tui/app/form/form.ts'
import { readForm, type FormValues } from '../../../../tui/app/form/read-form.ts'
import { fieldOf } from '../../../../tui/app/model/text-field.ts'

const about = ''
const name: TextInput = { kind: 'text', name: 'name', label: 'Name', about }
const memory: NumberInput = { kind: 'number', name: 'memoryMiB', label: 'Memory', about, shape: { kind: 'integer', min: 32, unit: 'MiB' }, initial: '1 GiB' }
const image: ChoiceInput = { kind: 'choice', name: 'image', label: 'Image', about, choices: ['alpine', 'debian', 'tiny'].map((value) => ({ value, label: value })), initial: 'debian' }
const autostart: FormField = { kind: 'toggle', name: 'autostart', label: 'Start', about, initial: false }
const forwards: TextInput = { kind: 'text', name: 'networks.0.forwards', label: 'forwards', about }
const fields = [name, memory, image, autostart, forwards]

const type = (form: typeof emptyForm, field: FormField, text: string) => setText(form, field, fieldOf(text), textOf(field, form))

t.test('what nobody has given is as it was proposed, and nothing that leaving would lose', (t) => {
  t.equal(textOf(memory, emptyForm).text, '1 GiB')
  t.equal(choiceOf(image, emptyForm)?.value, 'debian')
  t.equal(choiceOf({ ...image, choices: [] }, emptyForm), undefined)
  t.equal(moveFocus(fields, emptyForm, 1).isTouched, false)
  t.equal(type(emptyForm, name, 'web').isTouched, true)
  t.equal(pick(emptyForm, image, 'tiny').isTouched, true)
  t.end()
})

t.test('a choice that is there no longer gives way to the one proposed', (t) => {
  const form = pick(emptyForm, image, 'tiny')
  t.equal(choiceOf(image, form)?.value, 'tiny')
  t.equal(choiceOf({ ...image, choices: image.choices.slice(0, 2) }, form)?.value, 'debian')
  t.end()
})

t.test('choices go round and round, and by their first letter', (t) => {
  t.equal(choiceOf(image, stepChoice(emptyForm, image, 2))?.value, 'alpine')
  t.equal(choiceOf(image, stepChoice(emptyForm, image, -1))?.value, 'alpine')
  t.equal(choiceOf(image, jumpToChoice(emptyForm, image, 'T'))?.value, 'tiny')
  t.equal(jumpToChoice(emptyForm, image, 'x'), emptyForm)
  t.equal(choiceOf(autostart, stepChoice(emptyForm, autostart, 1))?.value, 'yes')
  t.end()
})

t.test('the cursor stays within the form, and with its field when others come and go', (t) => {
  t.equal(focusedField(fields, moveFocus(fields, emptyForm, -1)), name)
  t.equal(focusedField(fields, moveFocus(fields, emptyForm, Infinity)), forwards)
  const onImage = moveFocus(fields, emptyForm, 2)
  t.equal(focusedField([image, ...fields], onImage), image)
  t.equal(focusedField([name, memory], onImage), name)
  t.end()
})

t.test('an error goes to the field that the daemon names, as near as there is one, and goes when that is changed', (t) => {
  const at = (field?: string) => withError(fields, emptyForm, { message: 'no', ...(field !== undefined && { field }) })
  t.match(at('memoryMiB'), { focus: 'memoryMiB', error: { field: 'memoryMiB' } })
  t.match(at('networks.0.forwards.1'), { focus: 'networks.0.forwards' })
  t.match(at('networks.0.name'), { focus: 'networks.0.forwards' })
  t.match(at('networks'), { focus: 'networks.0.forwards' })
  t.same(at('machine').error, { message: 'no' })
  t.same(at().error, { message: 'no' })

  t.ok(type(at('memoryMiB'), name, 'web').error)
  t.equal(type(at('memoryMiB'), memory, '2G').error, undefined)
  t.equal(type(at(), name, 'web').error, undefined)
  t.end()
})

t.test('what is blank is not said; sizes are read as on the command line', (t) => {
  let form = type(type(emptyForm, name, '  '), memory, '2 GiB')
  form = type(form, forwards, ' 8080:80, 2222:22 udp:53:53')
  const values = readForm(fields, form) as FormValues
  t.equal(values.text('name'), undefined)
  t.equal(values.number('memoryMiB'), 2048)
  t.equal(values.pick('image'), 'debian')
  t.equal(values.isOn('autostart'), false)
  t.same(values.words('networks.0.forwards'), ['8080:80', '2222:22', 'udp:53:53'])
  t.same(values.words('other'), [])
  t.end()
})

t.test('what is no number is said at its field', (t) => {
  t.same(readForm(fields, type(emptyForm, memory, 'lots')), { error: { field: 'memoryMiB', message: 'Memory is a size: 512, 512M, 2G, 2GiB; not "lots"' } })
  t.same(readForm(fields, type(emptyForm, memory, '16M')), { error: { field: 'memoryMiB', message: 'Memory is at least 32 MiB, not 16M' } })
  t.end()
})
