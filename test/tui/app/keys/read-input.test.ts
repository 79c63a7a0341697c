import type { Key } from 'ink'
import t from 'tap'
import { createInputReader } from '../../../../tui/app/keys/read-input.ts'

/** Reads pieces as Ink has them; a string that begins with ESC is Alt with what follows. */
function reader() {
  let now = 1000
  const read = createInputReader(() => now)
  const names = (...pieces: string[]) =>
    pieces.flatMap((piece) => {
      const meta = piece.startsWith('\u001b')
      return read(meta ? piece.slice(1) : piece, { meta } as Key).map(({ name }) => name)
    })
  return { names, wait: (ms: number) => (now += ms) }
}

t.test('what a terminal answers is not taken for keys', (t) => {
  const { names } = reader()
  t.same(names('\u001bP', '>|Konsole 22.12', '\u001b\\', 'j'), ['j'], 'its name and version')
  t.same(names('\u001b]', '11;rgb:1e1e/2e2e/3e3e\u0007x'), ['x'], 'a colour, and a key in the same piece')
  t.same(names('\u001b_', 'Gi=31;OK', '\u001b\\', 's'), ['s'])
  t.end()
})

t.test('Alt with such a letter costs no key that is pressed after it', (t) => {
  const { names, wait } = reader()
  names('\u001bP')
  wait(60)
  t.same(names('j', '\u001bd'), ['j', 'alt-d'])
  t.end()
})
