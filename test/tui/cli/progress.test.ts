import t from 'tap'
import { createProgressLine, formatProgress } from '../../../tui/cli/progress.ts'

interface FakeTerminal {
  readonly stream: NodeJS.WriteStream
  readonly written: string[]
}

function fakeTerminal(isTTY: boolean): FakeTerminal {
  const written: string[] = []
  return { written, stream: { isTTY, columns: 40, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream }
}

t.test('a line is overwritten in place and erased at the end', async (t) => {
  const { stream, written } = fakeTerminal(true)
  const line = createProgressLine(stream, true)
  line.show({ request: 1, message: 'copying', fraction: 0.259 })
  line.show({ request: 1, message: 'checking' }, 'web')
  line.clear()
  line.clear()
  t.strictSame(written, ['\r\u001b[Kcopying 25%', '\r\u001b[Kweb: checking', '\r\u001b[K'])
})

t.test('nothing is written where nobody looks', async (t) => {
  for (const [isTTY, enabled] of [[false, true], [true, false]] as const) {
    const { stream, written } = fakeTerminal(isTTY)
    const line = createProgressLine(stream, enabled)
    line.show({ request: 1, message: 'copying' })
    line.clear()
    t.strictSame(written, [])
  }
})

t.test('a line never reaches the last column, and keeps its share', async (t) => {
  const text = formatProgress({ request: 1, message: 'x'.repeat(100), fraction: 1 }, undefined, 40)
  t.equal(text.length, 39)
  t.match(text, /\.\.\. 100%$/)
  t.equal(formatProgress({ request: 1, message: 'a\u001bb' }, undefined, 40), 'a\\x1bb')
})
