/** PURE: what is asked for a new VM. What is left as it is makes one that runs. */
import { formatQuantity } from '../../../cli/quantity.ts'
import { integerOf, paramOf } from '../../form/contract.ts'
import type { ChoiceInput, FormField, NumberInput } from '../../form/field.ts'
import { choiceOf } from '../../form/form.ts'
import type { State } from '../../model/state.ts'
import type { CreateView } from '../../model/views.ts'
import type { World } from '../../model/world.ts'
import { networkFields } from './networks.ts'

/** None where there is no image that a VM could stand on. */
export function createFields({ form }: CreateView, { world }: State): FormField[] {
  if (isWithoutImages(world)) return []
  const image = imageField(world)
  const chosen = choiceOf(image, form)?.value
  const size = world.images.items?.find(({ name }) => name === chosen)?.virtualSizeMiB
  return [
    { kind: 'text', name: 'name', label: 'Name', about: paramOf('vm.create', 'name').about, placeholder: 'eight letters, drawn at random' },
    image,
    number('vcpus', 'CPUs'),
    number('memoryMiB', 'Memory'),
    { ...number('diskMiB', 'Disk'), placeholder: size === undefined ? "the image's size" : `${formatQuantity(size, 'MiB')}, as the image` },
    ...networkFields(form, world),
    { kind: 'toggle', name: 'autostart', label: 'Start with the host', about: paramOf('vm.create', 'autostart').about, initial: false },
    { kind: 'text', name: 'sshKeys', label: 'SSH key', about: `${paramOf('vm.create', 'sshKeys').about}: a file; tab completes its path`, placeholder: 'none; such as ~/.ssh/id_ed25519.pub', isPath: true },
    { kind: 'text', name: 'initScript', label: 'Init script', about: `A file: ${paramOf('vm.create', 'initScript').about}`, placeholder: 'none', isPath: true },
  ]
}

export function isWithoutImages({ images }: World): boolean {
  return images.items?.every(({ problem }) => problem !== undefined) ?? false
}

function imageField({ images }: World): ChoiceInput {
  const sound = (images.items ?? []).filter(({ problem }) => problem === undefined)
  return {
    kind: 'choice',
    name: 'image',
    label: 'Image',
    about: paramOf('vm.create', 'image').about,
    choices: sound.map(({ name, virtualSizeMiB }) => ({ value: name, label: name, about: `disk of ${formatQuantity(virtualSizeMiB, 'MiB')}` })),
    placeholder: images.error ?? 'asking for the images',
  }
}

/** Filled in where the contract has a default. */
function number(param: string, label: string): NumberInput {
  const { about, fallback } = paramOf('vm.create', param)
  const shape = integerOf('vm.create', param)
  const initial = typeof fallback !== 'number' ? undefined : shape.unit ? formatQuantity(fallback, shape.unit) : String(fallback)
  return { kind: 'number', name: param, label, about: `${about}${shape.unit ? ', such as 512M or 2G' : ''}`, shape, ...(initial !== undefined && { initial }) }
}
