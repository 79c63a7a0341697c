/** The command line: typing, completion by tab, the lines typed before. */
import type { Context } from '../context.ts'
import { findOffer, insertWord } from '../command/find-offer.ts'
import { listFiles } from '../command/list-files.ts'
import { runCommand } from '../command/run-command.ts'
import { screenCommands } from '../command/table.ts'
import type { Candidate } from '../../cli/completion/candidates.ts'
import type { CommandPrompt, Offer } from '../model/prompt.ts'
import type { State } from '../model/state.ts'
import { editField, fieldOf, insertText } from '../model/text-field.ts'
import { sharedStart } from '../text/shared-start.ts'
import type { KeyPress } from './key.ts'

export function typeIntoCommand(prompt: CommandPrompt, key: KeyPress, context: Context): void {
  switch (key.name) {
    case 'enter':
      return enter(prompt, context)
    case 'esc':
      return prompt.offer ? show(context, { kind: 'command', field: prompt.field }) : close(context)
    case 'tab':
    case 'shift-tab':
      return prompt.offer ? choose(prompt, prompt.offer, key.name === 'tab' ? 1 : -1, context) : void complete(prompt, context)
    case 'up':
    case 'ctrl-p':
      return recall(prompt, -1, context)
    case 'down':
    case 'ctrl-n':
      return recall(prompt, 1, context)
    case 'backspace':
      if (prompt.field.text === '') return close(context)
  }
  const field = key.text === undefined ? editField(prompt.field, key.name) : insertText(prompt.field, key.text)
  if (field) show(context, { kind: 'command', field })
}

const show = ({ change }: Context, prompt: CommandPrompt): void => change((state) => ({ ...state, prompt }))

function close({ change }: Context): void {
  change(({ prompt: _closed, ...state }: State): State => state)
}

/** What has a token in it, a secret, is not kept. */
const TOKEN_LINE = /\bvpn\s+(join|accept)\s+[^-\s]/

/** A line with something wrong stays, to be mended. */
function enter({ field }: CommandPrompt, context: Context): void {
  const line = field.text.trim()
  close(context)
  const problem = runCommand(line, context)
  if (problem !== undefined) return show(context, { kind: 'command', field: fieldOf(field.text), problem })
  if (line !== '' && !TOKEN_LINE.test(line)) context.change((state) => ({ ...state, history: [...(state.history ?? []).filter((before) => before !== line), line] }))
}

/** Goes through the lines typed before; behind the last is what was being typed. */
function recall({ field, recalled }: CommandPrompt, by: number, context: Context): void {
  const { history = [] } = context.get()
  const draft = recalled?.draft ?? field.text
  const at = Math.max(0, Math.min(history.length, (recalled?.at ?? history.length) + by))
  show(context, { kind: 'command', field: fieldOf(history[at] ?? draft), recalled: { at, draft } })
}

/** Inserts as much as is certain, and shows what it could be where that is not all. */
async function complete({ field }: CommandPrompt, context: Context): Promise<void> {
  const { place, get } = context
  const { candidates, start, current, files } = findOffer(field, screenCommands(), get().world, place.home)
  const named = files ? await listFiles(current.slice(files.prefix.length), place) : []
  const now = get().prompt
  // Whoever has gone on typing while files were looked at is not interrupted.
  if (now?.kind !== 'command' || now.field !== field) return
  const all: readonly Candidate[] = [...candidates, ...named.map(({ value, about }) => ({ value: (files?.prefix ?? '') + value, about }))]
  const [first] = all
  if (!first) return
  if (all.length === 1) return show(context, { kind: 'command', field: insertWord(field, start, first.value, true) })
  const shared = sharedStart(all.map(({ value }) => value))
  const next = shared.length > current.length ? insertWord(field, start, shared, false) : field
  show(context, { kind: 'command', field: next, offer: { candidates: all, start, before: next } })
}

/** Tab again goes through what is shown. */
function choose({ field }: CommandPrompt, offer: Offer, by: number, context: Context): void {
  const { candidates, start, before, chosen } = offer
  const count = candidates.length
  const at = chosen === undefined ? (by > 0 ? 0 : count - 1) : (chosen + by + count) % count
  const next = candidates[at] ? insertWord(before, start, candidates[at].value, true) : field
  show(context, { kind: 'command', field: next, offer: { ...offer, chosen: at } })
}
