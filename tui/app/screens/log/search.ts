/** PURE: where in a log a text is. */
import { afterLast, lineAt, type LogText } from '../../model/log-text.ts'

/** Numbers of the lines that hold the text, ascending. */
export type LogSearch = (log: LogText, text: string) => readonly number[]

/**
 * Remembers what it has found: of a log that has grown it looks at what is new. The first and the last line are looked at each
 * time, for they may have been continued.
 */
export function createLogSearch(): LogSearch {
  let last: { readonly log: LogText; readonly text: string; readonly found: readonly number[] } | undefined
  return (log, text) => {
    if (text === '') return []
    if (last?.log === log && last.text === text) return last.found
    const known = last?.text === text && last.log.origin === log.origin ? last : undefined
    const from = known ? Math.max(log.first, known.log.first) + 1 : log.first
    const to = known ? Math.max(from, Math.min(afterLast(log), afterLast(known.log)) - 1) : log.first
    const find = createFinder(text)
    const look = (begin: number, end: number): number[] => {
      const found: number[] = []
      for (let number = begin; number < end; number++) if (find(lineAt(log, number) ?? '').length > 0) found.push(number)
      return found
    }
    const kept = known?.found.filter((number) => number >= from && number < to) ?? []
    const found = [...look(log.first, Math.min(from, afterLast(log))), ...kept, ...look(to, afterLast(log))]
    last = { log, text, found }
    return found
  }
}

/** Where a text is in a line, as `[from, to)`. Capital letters are told from small ones only where it has a capital one. */
export function createFinder(text: string): (line: string) => [from: number, to: number][] {
  if (text === '') return () => []
  const isExact = text !== text.toLowerCase()
  return (line) => {
    // Lengths stay the same for all but a few letters, for which a mark that is one off does no harm.
    const within = isExact ? line : line.toLowerCase()
    const found: [number, number][] = []
    for (let at = within.indexOf(text); at >= 0; at = within.indexOf(text, at + text.length)) found.push([at, at + text.length])
    return found
  }
}
