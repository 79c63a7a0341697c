/** PURE: the interfaces of a VM that is to be made, each a choice of the network and what belongs to it. */
import type { ParamsInput } from '../../../../policy/api/index.ts'
import type { Choice, ChoiceInput, FormField } from '../../form/field.ts'
import { paramOf } from '../../form/contract.ts'
import { choiceOf, type FormState } from '../../form/form.ts'
import type { FormValues } from '../../form/read-form.ts'
import type { World } from '../../model/world.ts'

export type NetworkParams = NonNullable<ParamsInput<'vm.create'>['networks']>

/** As many as the contract takes. */
const SLOTS = 8
const NONE = 'none'
/** VPNs that are not there yet. */
const NEW_VPN = 'vpn'

/** One after another, and behind them always one that is free. */
export function networkFields(form: FormState, world: World): FormField[] {
  const fields: FormField[] = []
  for (let slot = 0; slot < SLOTS; slot++) {
    const choice = choiceAt(slot, world)
    const chosen = choiceOf(choice, form)?.value ?? NONE
    fields.push(choice, ...detailsOf(slot, chosen))
    if (chosen === NONE && !isLaterTaken(slot, form)) break
  }
  return fields
}

function isLaterTaken(slot: number, { picks }: FormState): boolean {
  return Array.from({ length: SLOTS }, (_unused, at) => at).some((at) => at > slot && (picks[kindAt(at)] ?? NONE) !== NONE)
}

const kindAt = (slot: number): string => `networks.${slot}.kind`

function choiceAt(slot: number, { networks, vpns }: World): ChoiceInput {
  const none: Choice = { value: NONE, label: slot === 0 ? 'no network' : 'none' }
  const some: Choice[] = [
    { value: 'user', label: 'user', about: "QEMU's own NAT: needs no privilege" },
    ...(networks.items ?? []).map(({ name, prefix }): Choice => ({ value: `network:${name}`, label: name, about: ['private network', prefix].filter(Boolean).join(' ') })),
    ...(vpns.items ?? []).map(({ name, prefix }): Choice => ({ value: `vpn:${name}`, label: name, about: `VPN ${prefix}` })),
    { value: 'bridge', label: 'bridge', about: "one of the host's own, as the allowlist grants it" },
    { value: NEW_VPN, label: 'new VPN', about: 'made with this VM' },
  ]
  return {
    kind: 'choice',
    name: kindAt(slot),
    label: slot === 0 ? 'Network' : 'Another network',
    about: slot === 0 ? 'What the VM is connected to. Nothing reaches into "user" but the port forwards; VMs on one private network or VPN reach each other' : 'A further interface',
    choices: slot === 0 ? [...some, none] : [none, ...some],
    initial: slot === 0 ? 'user' : NONE,
  }
}

function detailsOf(slot: number, chosen: string): FormField[] {
  const at = (name: string): string => `networks.${slot}.${name}`
  const addresses = { kind: 'text', name: at('addresses'), label: '  addresses', about: keyOf('network', 'addresses'), placeholder: 'those of its MAC address' } as const
  if (chosen === 'user') {
    return [{ kind: 'text', name: at('forwards'), label: '  forwards', about: keyOf('user', 'forwards'), placeholder: 'none; 8080:80 leads port 8080 of the host to 80 of the VM' }]
  }
  if (chosen === 'bridge') {
    return [{ kind: 'text', name: at('bridge'), label: '  bridge', about: `${keyOf('bridge', 'bridge')}; aetherscale doctor lists what is granted`, placeholder: 'such as br0' }]
  }
  if (chosen === NEW_VPN) {
    return [{ kind: 'text', name: at('name'), label: '  name', about: keyOf('vpn', 'name'), placeholder: 'such as blue' }, addresses]
  }
  return chosen === NONE ? [] : [addresses]
}

/** What the contract says of what belongs to a kind of network. */
function keyOf(kind: string, param: string): string {
  const { shape } = paramOf('vm.create', 'networks')
  const variants = shape.kind === 'list' && shape.items.kind === 'variants' ? shape.items.variants : []
  return variants.find(({ name }) => name === kind)?.fields.find((field) => field.param === param)?.about ?? ''
}

export interface ReadNetworks {
  readonly params: NetworkParams
  /** In which of the form's slots each of them is. */
  readonly slots: readonly number[]
}

export function readNetworks(values: FormValues): ReadNetworks {
  const params: NetworkParams = []
  const slots: number[] = []
  for (let slot = 0; slot < SLOTS; slot++) {
    const chosen = values.pick(kindAt(slot)) ?? NONE
    if (chosen === NONE) continue
    params.push(readNetwork(`networks.${slot}`, chosen, values))
    slots.push(slot)
  }
  return { params, slots }
}

function readNetwork(at: string, chosen: string, values: FormValues): NetworkParams[number] {
  const [kind, name = values.text(`${at}.name`) ?? ''] = chosen.split(':')
  const addresses = values.words(`${at}.addresses`)
  switch (kind) {
    case 'bridge':
      return { kind: 'bridge', bridge: values.text(`${at}.bridge`) ?? '' }
    case 'network':
      return { kind: 'network', name, addresses }
    case 'vpn':
      return { kind: 'vpn', name, addresses }
    default:
      return { kind: 'user', forwards: values.words(`${at}.forwards`) }
  }
}

/** `networks.0…` of the params, where the form has left a slot free before it. */
export function slotOfError(field: string, slots: readonly number[]): string {
  return field.replace(/^networks\.(\d+)/, (all, index: string) => (slots[Number(index)] === undefined ? all : `networks.${slots[Number(index)]}`))
}
