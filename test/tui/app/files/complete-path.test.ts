import t from 'tap'
import { completePath, expandHome, splitPath } from '../../../../tui/app/files/complete-path.ts'

const names = ['notes/', 'init-one.sh', 'init-two.sh', '.ssh/', 'größe', 'grün']
const complete = (text: string) => completePath(splitPath(text), names)

t.test('a path goes on as far as all that fits agrees', (t) => {
  t.same(complete('in'), { text: 'init-', candidates: ['init-one.sh', 'init-two.sh'] })
  t.same(complete('init-t'), { text: 'init-two.sh', candidates: [] })
  t.same(complete('/tmp/no'), { text: '/tmp/notes/', candidates: [] })
  t.same(complete('gr'), { text: 'gr', candidates: ['größe', 'grün'] })
  t.same(complete('x'), { text: 'x', candidates: [] })
  t.end()
})

t.test('hidden names are for who types the dot', (t) => {
  t.same(complete('~/.'), { text: '~/.ssh/', candidates: [] })
  t.notOk(complete('~/').candidates.includes('.ssh/'))
  t.end()
})

t.test('~ is the home folder; that of another user is a name like any other', (t) => {
  t.equal(expandHome('~/a', '/home/ann'), '/home/ann/a')
  t.equal(expandHome('~', '/home/ann'), '/home/ann')
  t.equal(expandHome('~bob/a', '/home/ann'), '~bob/a')
  t.same(splitPath('~'), { folder: '~/', start: '' })
  t.end()
})
