/** What a VM has printed. */
import { Box } from 'ink'
import type { ReactNode } from 'react'
import { LineOf } from '../../components/lines.tsx'
import type { LogText, LogSource } from '../../model/log-text.ts'
import type { LogView } from '../../model/views.ts'
import type { Line, Span } from '../../text/line.ts'
import type { ScreenProps } from '../screen.ts'
import { currentMatch, topOf } from './find.ts'
import { createFinder, type LogSearch } from './search.ts'
import { lookOf, sourcesOf, textOf } from './view.ts'
import { rowsFrom, type LogLook, type LogRow } from './window.ts'

export function createLogBody(search: LogSearch) {
  return function LogBody({ view, state, size }: ScreenProps<LogView>): ReactNode {
    const log = textOf(view, state)
    const look = lookOf(view, size)
    const found = log ? search(log, view.search) : []
    const current = log && currentMatch(view, log, look)
    const sources = sourcesOf(state.world.vms?.get(view.vm))
    return (
      <Box flexDirection="column" height={size.rows} overflow="hidden">
        <LineOf line={[...drawSources(sources, view.source), { text: '  ' }, ...drawHow(view, log, found, current)]} width={size.columns} />
        {drawText(view, log, look, current).map((line, index) => (
          <LineOf key={index} line={line} width={size.columns} />
        ))}
      </Box>
    )
  }
}

const names: Readonly<Record<LogSource, string>> = { console: 'console', qemu: 'QEMU', init: 'first boot' }

function drawSources(sources: readonly LogSource[], shown: LogSource): Span[] {
  return sources.map((source) => (source === shown ? { text: `[${names[source]}]`, look: 'bold' } : { text: ` ${names[source]} ` }))
}

function drawHow({ follow, wrap, search }: LogView, log: LogText | undefined, found: readonly number[], current: number | undefined): Span[] {
  const isWhole = log?.atStart === true && log.atEnd
  const place = current === undefined ? '' : `${found.indexOf(current) + 1} of `
  const matches = search === '' ? [] : [`${place}${found.length}${isWhole ? '' : '+'} lines with "${search}"`]
  const how: Span = { text: [...matches, follow ? 'follows' : 'stands still', wrap ? 'wrapped' : 'cut'].join(', '), look: 'dim' }
  return log?.error === undefined ? [how] : [{ text: `${log.error}  `, meaning: 'error' }, how]
}

function drawText(view: LogView, log: LogText | undefined, look: LogLook, current: number | undefined): Line[] {
  if (!log) return [[{ text: 'The daemon is asked for it', look: 'dim' }]]
  if (log.lines.length === 0) return [[{ text: 'Nothing was printed yet', look: 'dim' }]]
  const find = createFinder(view.search)
  return rowsFrom(log, topOf(view, log, look), look).map((row) => drawRow(row, find(log.lines[row.line - log.first] ?? ''), row.line === current))
}

/** The places that were found: bold, and inverse in the line that one is on. */
function drawRow({ text, from }: LogRow, places: readonly (readonly [from: number, to: number])[], isCurrent: boolean): Line {
  const spans: Span[] = []
  let at = 0
  for (const [begin, end] of places) {
    const [left, right] = [Math.max(0, begin - from), Math.min(text.length, end - from)]
    if (right <= left) continue
    spans.push({ text: text.slice(at, left) }, { text: text.slice(left, right), look: isCurrent ? 'inverse' : 'bold', meaning: 'match' })
    at = right
  }
  return [...spans, { text: text.slice(at) }]
}
