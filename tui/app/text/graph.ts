/** PURE: a graph of blocks, the newest value on the right. */

export interface GraphPoint {
  /** In ms since 1970. */
  readonly at: number
  readonly value: number
}

/** Milliseconds that a value holds for, where none comes after it. */
const HOLDS = 6000

/**
 * What stands in each of `columns` columns, the last of which has `now` in it: the mean of the values in that time,
 * `undefined` where nobody has looked. Columns begin at whole multiples of `step`, so that a graph moves on by whole columns
 * and does not change behind.
 *
 * @param step ms of one column
 */
export function sampleColumns(points: readonly GraphPoint[], { columns, step, now }: { readonly columns: number; readonly step: number; readonly now: number }): (number | undefined)[] {
  const last = Math.floor(now / step)
  const sums = Array.from({ length: columns }, () => ({ sum: 0, count: 0 }))
  for (const { at, value } of points) {
    const into = sums[columns - 1 - last + Math.floor(at / step)]
    if (!into) continue
    into.sum += value
    into.count++
  }
  const holding = Math.ceil(HOLDS / step)
  const means = sums.map(({ sum, count }) => (count === 0 ? undefined : sum / count))
  return means.map((mean, column) => mean ?? means.slice(Math.max(0, column - holding), column).findLast((each) => each !== undefined))
}

/** `height` rows from the top down; `levels` are the steps within a cell, lowest first. Whatever is more than nothing shows. */
export function drawGraph(values: readonly (number | undefined)[], { height, top, levels }: { readonly height: number; readonly top: number; readonly levels: readonly string[] }): string[] {
  const steps = values.map((value) => {
    if (value === undefined) return 0
    return Math.min(height * levels.length, Math.max(1, Math.round((value / top) * height * levels.length)))
  })
  return Array.from({ length: height }, (_unused, row) => {
    const below = (height - 1 - row) * levels.length
    return steps.map((step) => (step <= below ? ' ' : levels[Math.min(levels.length, step - below) - 1]!)).join('')
  })
}

/** The smallest of 10, 25, 50, 100, 200, 400 … that `value` fits below. */
export function niceTop(value: number): number {
  const small = [10, 25, 50, 100].find((top) => value <= top)
  return small ?? 100 * 2 ** Math.ceil(Math.log2(value / 100))
}
