/** PURE: what would be run for a VM, as vm.plan tells it. */
import type { Result } from '../../../../policy/api/index.ts'
import { quoteWord } from '../../../cli/render/result.ts'
import type { Line } from '../../text/line.ts'
import { wrapCells, wrapWords } from '../../text/wrap.ts'

export function drawPlan({ commands, files, networks, unit }: Result<'vm.plan'>, width: number): Line[] {
  return [
    ...commands.flatMap(({ purpose, argv }) => section(`To ${purpose}`, wrapWords(pairOptions(argv.map(quoteWord)), width - INDENT, INDENT))),
    ...section('Files that are made', files.flatMap((file) => wrapCells(file, width - INDENT))),
    ...section('Networks', networks.flatMap((network) => wrapWords(network.split(' '), width - INDENT, INDENT))),
    ...(unit === undefined ? [] : section('The unit', unit.trimEnd().split('\n').flatMap((line) => wrapCells(line, width - INDENT)))),
  ]
}

/** An option stays with its value: `-m 1024`. */
function pairOptions(words: readonly string[]): string[] {
  const paired: string[] = []
  words.forEach((word, index) => {
    if (index > 1 && !word.startsWith('-') && words[index - 1]!.startsWith('-')) paired.push(`${paired.pop()} ${word}`)
    else paired.push(word)
  })
  return paired
}

const INDENT = 2

function section(title: string, rows: readonly string[]): Line[] {
  return [[{ text: title, look: 'bold' }], ...rows.map((row) => [{ text: ' '.repeat(INDENT) + row }]), []]
}
