/** Repeating and summing up. Machines are shared and noisy: what counts is the median, and ratios within one run. */

export interface Row {
  readonly what: string
  readonly ours: string
  readonly baseline: string
  /** Ours to the baseline's, or whatever `unit` says. */
  readonly value: number
  readonly unit: string
  /** The bound that the value has to keep, if there is one. */
  readonly target?: { readonly atMost: number } | { readonly atLeast: number }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Milliseconds that `work` takes. */
export async function time(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now()
  await work()
  return performance.now() - begin
}

/** Runs both in turn, so that the machine's moods meet both; answers the medians and the median ratio of the pairs. */
export async function compare(
  rounds: number,
  ours: () => Promise<number>,
  baseline: () => Promise<number>,
): Promise<{ ours: number; baseline: number; ratio: number }> {
  await ours()
  await baseline()
  const pairs: [number, number][] = []
  for (let i = 0; i < rounds; i++) pairs.push([await ours(), await baseline()])
  return {
    ours: median(pairs.map(([mine]) => mine)),
    baseline: median(pairs.map(([, theirs]) => theirs)),
    ratio: median(pairs.map(([mine, theirs]) => mine / theirs)),
  }
}

export function isKept({ value, target }: Row): boolean {
  if (!target) return true
  return 'atMost' in target ? value <= target.atMost : value >= target.atLeast
}

export function printRows(rows: readonly Row[]): void {
  const cells = rows.map((row) => {
    const target = row.target ? ('atMost' in row.target ? `≤ ${row.target.atMost}` : `≥ ${row.target.atLeast}`) : ''
    const verdict = row.target ? (isKept(row) ? 'kept' : 'MISSED') : ''
    return [row.what, row.ours, row.baseline, `${Number(row.value.toPrecision(3))} ${row.unit}`.trim(), target, verdict]
  })
  const table = [['', 'ours', 'baseline', 'value', 'target', ''], ...cells]
  const widths = table[0]!.map((_cell, column) => Math.max(...table.map((line) => line[column]!.length)))
  for (const line of table) {
    process.stdout.write(`${line.map((cell, column) => cell.padEnd(widths[column]!)).join('  ').trimEnd()}\n`)
  }
}
