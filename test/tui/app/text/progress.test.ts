import t from 'tap'
import { describeAdvance, drawAdvance } from '../../../../tui/app/text/progress.ts'
import { chooseGlyphs } from '../../../../tui/app/theme/glyphs.ts'

const glyphs = chooseGlyphs({ LANG: 'C' })
const draw = (advance: Parameters<typeof drawAdvance>[0], width: number): string => drawAdvance(advance, width, glyphs).map(({ text }) => text).join('')

t.test('a bar as far as it has come', (t) => {
  t.equal(draw({ label: 'pull debian', fraction: 0 }, 40), 'pull debian                ........   0%')
  t.equal(draw({ label: 'pull debian', message: 'unpacking', fraction: 0.5 }, 40), 'pull debian: unpacking     ####....  50%')
  t.equal(draw({ label: 'pull debian', fraction: 1 }, 40), 'pull debian                ######## 100%')
  t.end()
})

t.test('words alone where it is not known, cut where there is no room', (t) => {
  t.equal(draw({ label: 'stop web', message: 'the guest is asked' }, 20), 'stop web: the guest~')
  t.equal(draw({ label: 'stop web', message: 'the guest is asked', fraction: 0.999 }, 10), 'sto~   99%')
  t.end()
})

t.test('read aloud', (t) => {
  t.equal(describeAdvance({ label: 'stop web', message: 'asked\u001b[2J', fraction: 0.999 }), 'stop web: asked\\x1b[2J, 99%')
  t.end()
})
