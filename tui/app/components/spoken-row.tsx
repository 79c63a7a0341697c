/** A list as it is read aloud: how long it is, and the current row with the names of its columns. */
import { Text } from 'ink'
import type { ReactNode } from 'react'

export interface SpokenRowProps {
  /** Of the current row, by column; empty ones are left out. */
  readonly cells: readonly (readonly [title: string, text: string])[]
  /** From 0. */
  readonly index: number
  readonly count: number
  readonly isMarked: boolean
  readonly marked: number
}

export function SpokenRow({ cells, index, count, isMarked, marked }: SpokenRowProps): ReactNode {
  const said = cells.filter(([, text]) => text !== '').map(([title, text]) => `${title.toLowerCase()} ${text}`)
  const marks = marked === 0 ? '' : `, ${marked} marked`
  return <Text>{`row ${index + 1} of ${count}${marks}: ${[...(isMarked ? ['marked'] : []), ...said].join(', ')}`}</Text>
}
