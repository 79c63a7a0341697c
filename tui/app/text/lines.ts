/** PURE: a text that is scrolled through, in lines. */
import { cutTo, fit, widthOf } from './fit.ts'
import type { Line, Span } from './line.ts'
import { wrap } from './wrap.ts'

export const emptyLine: Line = []

/** Less important than what is around it. */
export function aside(text: string): Line {
  return [{ text, look: 'dim' }]
}

export function heading(text: string): Line {
  return [{ text, look: 'bold' }]
}

/** `Prefix  fde7::/64`: the label in a column of its own, the value wrapped beside it. */
export function fact(label: string, value: string, { width, column, meaning }: { readonly width: number; readonly column: number; readonly meaning?: string }): Line[] {
  return wrap(value, Math.max(10, width - column)).map((text, index) => [
    { text: (index === 0 ? label : '').padEnd(column) },
    { text, ...(meaning !== undefined && { meaning }) },
  ])
}

/** Prose, wrapped. */
export function prose(text: string, width: number, meaning?: string): Line[] {
  return wrap(text, width).map((line) => [{ text: line, ...(meaning !== undefined && { meaning }) }])
}

/** Rows in columns as wide as what is in them, two blanks between; what does not fit is cut. The first row is the head. */
export function columns(rows: readonly (readonly Span[])[], width: number, ellipsis: string): Line[] {
  const widths: number[] = []
  for (const row of rows) row.forEach(({ text }, index) => (widths[index] = Math.max(widths[index] ?? 0, widthOf(text))))
  return rows.map((row, at) => {
    let room = width
    return row.map((span, index) => {
      const { text } = span
      const space = index === row.length - 1 ? '' : '  '
      const cell = index === row.length - 1 ? cutTo(text, room, ellipsis) : fit(text, Math.min(widths[index]!, room), ellipsis) + space
      room = Math.max(0, room - widths[index]! - space.length)
      return { ...span, ...(at === 0 && { look: 'bold' as const }), text: cell }
    })
  })
}
