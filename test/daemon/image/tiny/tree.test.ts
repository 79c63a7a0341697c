import t from 'tap'
import { completeTree, type Entry } from '../../../../daemon/image/tiny/tree.ts'

const file = (path: string): Entry => ({ kind: 'file', path, mode: 0o644, data: new Uint8Array() })

t.test('folders that nobody named are made, and those that were named keep their mode', async (t) => {
  t.same(completeTree([file('a/b/c'), { kind: 'folder', path: 'a', mode: 0o700 }]), [
    { kind: 'folder', path: 'a', mode: 0o700 },
    { kind: 'folder', path: 'a/b', mode: 0o755 },
    file('a/b/c'),
  ])
})

t.test('the order depends on the paths alone, and what is in a folder follows it', async (t) => {
  const paths = ['b', 'a-b', 'a/z', 'a/b/x', 'a.b']
  const expected = ['a', 'a/b', 'a/b/x', 'a/z', 'a-b', 'a.b', 'b']
  t.same(completeTree(paths.map(file)).map(({ path }) => path), expected)
  t.same(completeTree(paths.toReversed().map(file)).map(({ path }) => path), expected)
})

t.test('two entries of one path, and an entry below a file, are refused', async (t) => {
  t.throws(() => completeTree([file('a'), file('a')]), /two entries for a/)
  t.throws(() => completeTree([file('a'), file('a/b')]), /a\/b lies in a, which is no folder/)
})
