/** From the form of a new VM to its plan: the daemon is asked what it would do, and so whether it would. */
import type { ParamsInput, Result } from '../../../policy/api/index.ts'
import type { Context } from '../context.ts'
import { answered, ask, withError, type FormError } from '../form/form.ts'
import { formErrorOf } from '../form/form-error.ts'
import type { FormValues } from '../form/read-form.ts'
import { readTextFile } from '../files/read-file.ts'
import { readCurrentForm } from './send-form.ts'
import { goTo, pushView, type State } from '../model/state.ts'
import type { View } from '../model/views.ts'
import { changeForm, currentForm } from '../screens/current-form.ts'
import { imagesView } from '../screens/images/first-view.ts'
import { isWithoutImages } from '../screens/create/fields.ts'
import { readNetworks, slotOfError } from '../screens/create/networks.ts'

export function submitCreate(context: Context): void {
  const state = context.get()
  // A VM needs one first.
  if (isWithoutImages(state.world)) return context.change((now) => goTo(now, imagesView))
  const values = readCurrentForm(context)
  // Not while the images are being asked for.
  if (values?.pick('image') !== undefined) void makePlan(context, values)
}

async function makePlan(context: Context, values: FormValues): Promise<void> {
  const asking = Symbol('vm.plan')
  context.change((state) => changeForm(state, ({ form }) => ask(form, asking)))
  const outcome = await planOf(values, context)
  context.change((state) => (currentForm(state)?.form.asking === asking ? settle(state, outcome) : state))
}

type Outcome = { readonly error: FormError } | { readonly params: ParamsInput<'vm.create'>; readonly plan: Result<'vm.plan'>; readonly slots: readonly number[] }

function settle(state: State, outcome: Outcome): State {
  if ('error' in outcome) return changeForm(state, ({ fields, form }) => withError(fields, form, outcome.error))
  const view: View = { screen: 'plan', ...outcome, top: 0 }
  const over = changeForm(state, ({ form }) => answered(form))
  return state.dialog ? over : pushView(over, view)
}

async function planOf(values: FormValues, { link, place }: Context): Promise<Outcome> {
  const files = await readFiles(values, place)
  if ('error' in files) return files
  const { params: networks, slots } = readNetworks(values)
  const params: ParamsInput<'vm.create'> = {
    image: values.pick('image') ?? '',
    name: values.text('name'),
    vcpus: values.number('vcpus'),
    memoryMiB: values.number('memoryMiB'),
    diskMiB: values.number('diskMiB'),
    networks,
    autostart: values.isOn('autostart'),
    ...files,
  }
  try {
    return { params, plan: await link.call('vm.plan', params), slots }
  } catch (error) {
    const said = formErrorOf(error as Error, 'vm.plan')
    return { error: { ...said, ...(said.field !== undefined && { field: slotOfError(said.field, slots) }) } }
  }
}

type Files = Pick<ParamsInput<'vm.create'>, 'sshKeys' | 'initScript'>

/** A file of keys may have several, and comments, as authorized_keys(5) has them. */
async function readFiles(values: FormValues, place: Context['place']): Promise<Files | { readonly error: FormError }> {
  const files: Files = {}
  const keys = values.text('sshKeys')
  if (keys !== undefined) {
    const read = await readTextFile('sshKeys', keys, place)
    if ('error' in read) return read
    files.sshKeys = read.text.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'))
    if (files.sshKeys.length === 0) return { error: { field: 'sshKeys', message: `${keys} holds no key` } }
  }
  const script = values.text('initScript')
  if (script !== undefined) {
    const read = await readTextFile('initScript', script, place)
    if ('error' in read) return read
    files.initScript = read.text
  }
  return files
}
