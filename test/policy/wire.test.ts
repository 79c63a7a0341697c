import t from 'tap'
import { fitsSocketPath, LINE_LIMIT, LineSplitter, socketDirectories, type Frame } from '../../policy/wire.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const line = (text: string): Frame => ({ kind: 'line', text })

t.test('a chunk may hold several lines, and a line several chunks', async (t) => {
  const splitter = new LineSplitter()
  t.strictSame(splitter.push(bytes('a\nb\nc')), [line('a'), line('b')])
  t.strictSame(splitter.push(bytes('d\n')), [line('cd')])
  t.strictSame(splitter.end(), [])
})

t.test('a character cut between chunks is whole in its line', async (t) => {
  const splitter = new LineSplitter()
  const text = 'ä€😀'
  const frames = [...bytes(`${text}\n`)].flatMap((byte) => splitter.push(Uint8Array.of(byte)))
  t.strictSame(frames, [line(text)])
})

t.test('a last line without its newline counts when the stream ends', async (t) => {
  const splitter = new LineSplitter()
  t.strictSame(splitter.push(bytes('half')), [])
  t.strictSame(splitter.end(), [line('half')])
})

t.test('a line that is not UTF-8 is told as such, and the next one is read', async (t) => {
  const splitter = new LineSplitter()
  const broken = [[0xff, 0xfe], [0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80]]
  for (const sequence of broken) {
    t.strictSame(splitter.push(Uint8Array.from([...sequence, 10, 65, 10])), [{ kind: 'not-utf8' }, line('A')])
  }
})

t.test('a byte order mark is not swallowed', async (t) => {
  t.strictSame(new LineSplitter().push(bytes('\uFEFF{}\n')), [line('\uFEFF{}')])
})

t.test('a line of exactly the limit is taken, one byte more is not', async (t) => {
  t.match(new LineSplitter(4).push(bytes('abcd\n')), [line('abcd')])
  t.strictSame(new LineSplitter(4).push(bytes('abcde\n')), [{ kind: 'too-long' }])
  const full = new LineSplitter()
  t.strictSame(full.push(new Uint8Array(LINE_LIMIT).fill(65)), [])
  t.strictSame(full.push(Uint8Array.of(65)), [{ kind: 'too-long' }])
})

t.test('after a line over the limit nothing more comes out', async (t) => {
  const splitter = new LineSplitter(4)
  t.strictSame(splitter.push(bytes('ok\nabcdefg\nok\n')), [line('ok'), { kind: 'too-long' }])
  t.strictSame(splitter.push(bytes('ok\n')), [])
  t.strictSame(splitter.end(), [])
})

t.test('the path of a socket is measured in bytes, up to 107', async (t) => {
  t.ok(fitsSocketPath('/'.padEnd(107, 'a')))
  t.notOk(fitsSocketPath('/'.padEnd(108, 'a')))
  t.notOk(fitsSocketPath('/'.padEnd(60, 'ä')))
})

t.test("an own daemon's sockets are looked for before the host's", async (t) => {
  t.strictSame(socketDirectories({}), ['/run/aetherscale'])
  t.strictSame(socketDirectories({ XDG_RUNTIME_DIR: '/r' }), ['/r/aetherscale', '/run/aetherscale'])
  t.strictSame(socketDirectories({ XDG_RUNTIME_DIR: '/r', AETHERSCALE_SOCKET_DIR: '/s' }), ['/s'])
})
