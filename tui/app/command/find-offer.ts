/** PURE: what may stand at the cursor of the command line; names from the world, so that nobody has to be asked. */
import { findCandidates, type Candidate, type Completion } from '../../cli/completion/candidates.ts'
import type { CommandTable } from '../../cli/command-table.ts'
import type { TextField } from '../model/text-field.ts'
import type { World } from '../model/world.ts'
import { quoteWord, splitWords } from './split-words.ts'
import { STARTING_OPTIONS } from './table.ts'

export interface Found {
  readonly candidates: readonly Candidate[]
  /** Where the word under the cursor begins, and what is typed of it. */
  readonly start: number
  readonly current: string
  /** Names of files may stand there too, behind `prefix`. */
  readonly files?: { readonly prefix: string }
}

export function findOffer({ text, at }: TextField, table: CommandTable, world: World, home: string): Found {
  const { words, isOpen } = splitWords(text.slice(0, at), home)
  const last = isOpen ? words.at(-1) : undefined
  const before = (last ? words.slice(0, -1) : words).map((word) => word.text)
  const current = last?.text ?? ''
  const { candidates, names, prefix, files } = findCandidates(before, current, table)
  const named = names ? namesOf(names, world).map(({ value, about }) => ({ value: prefix + value, about })) : []
  const fresh = [...candidates, ...named].filter(({ value }) => value.startsWith(current) && !(names && before.includes(value)) && !STARTING_OPTIONS.includes(value))
  return { candidates: fresh, start: last?.start ?? at, current, ...(files && { files: { prefix } }) }
}

function namesOf(kind: NonNullable<Completion['names']>, { vms, images, networks, vpns }: World): Candidate[] {
  switch (kind) {
    case 'vm':
      return [...(vms?.values() ?? [])].map(({ id, name, state }) => ({ value: name ?? id, about: state }))
    case 'image':
      return (images.items ?? []).map(({ name }) => ({ value: name, about: '' }))
    case 'network':
      return (networks.items ?? []).map(({ name, prefix = '' }) => ({ value: name, about: prefix }))
    case 'vpn':
      return (vpns.items ?? []).map(({ name, prefix }) => ({ value: name, about: prefix }))
  }
}

/** Puts a word in the place of the one that begins at `start`; a whole one is followed by a blank, unless more of it is to come. */
export function insertWord({ text, at }: TextField, start: number, value: string, isWhole: boolean): TextField {
  const rest = text.slice(at)
  const goesOn = !isWhole || /[=,/]$/.test(value) || rest.startsWith(' ')
  const put = text.slice(0, start) + quoteWord(value) + (goesOn ? '' : ' ')
  return { text: put + rest, at: put.length }
}
