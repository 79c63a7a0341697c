import { Readable } from 'node:stream'
import t from 'tap'
import { cutIntoPieces } from '../../../../tui/cli/commands/pieces.ts'

t.test('whatever the chunks, the pieces are the same, and the last is known to be', async (t) => {
  for (const length of [0, 1, 3, 4, 5, 8, 9]) {
    const text = 'abcdefghi'.slice(0, length)
    for (const chunk of [1, 2, 4, 5, 100]) {
      const chunks = text.match(new RegExp(`.{1,${chunk}}`, 'g')) ?? []
      const pieces: [string, boolean][] = []
      for await (const { bytes, isLast } of cutIntoPieces(Readable.from(chunks.map((each) => Buffer.from(each))), 4)) {
        pieces.push([Buffer.from(bytes).toString(), isLast])
      }
      const wanted = (text.match(/.{1,4}/g) ?? ['']).map((piece, index, all): [string, boolean] => [piece, index === all.length - 1])
      t.strictSame(pieces, wanted, `${length} by ${chunk}`)
    }
  }
})
