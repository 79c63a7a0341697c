import t from 'tap'
import { quoteWord, splitWords } from '../../../../tui/app/command/split-words.ts'
import { execFileSync } from 'node:child_process'

const words = (line: string): string[] => splitWords(line, '/home/ann').words.map(({ text }) => text)

/** Lines without expansions mean to a shell what they mean here. */
const asInShell = [
  '',
  '  ',
  'vm list',
  '  vm   list  ',
  "vm create 'two words' end",
  'vm create "two words" end',
  `a'b c'd "e\\"f" g\\ h`,
  `'it'\\''s' "it's"`,
  `"back\\\\slash \\d \\$"`,
  `'' "" x`,
  'back\\\\slash',
  '日本 語',
  '\tvm\tlist',
]

t.test('words are those of a shell', async (t) => {
  for (const line of asInShell) {
    const shell = execFileSync('sh', ['-c', `for word in ${line}; do printf '%s\\0' "$word"; done`], { encoding: 'utf8' })
    t.same(words(line), shell.split('\0').slice(0, -1), JSON.stringify(line))
  }
})

t.test('of all expansions there is that of the home directory, at the start of a word', async (t) => {
  t.same(words('~/x ~ a~/x "~/x" ~ann/x $HOME *'), ['/home/ann/x', '/home/ann', 'a~/x', '~/x', '~ann/x', '$HOME', '*'])
})

t.test('an open word, and a quote that nothing closes, are told', async (t) => {
  t.match(splitWords('vm li', ''), { isOpen: true, words: [{ start: 0 }, { start: 3 }] })
  t.match(splitWords('vm ', ''), { isOpen: false })
  t.match(splitWords("vm 'two wo", ''), { isOpen: true, unclosed: "'", words: [{ text: 'vm' }, { text: 'two wo', start: 3 }] })
})

t.test('what is quoted is split into the same word', async (t) => {
  for (const word of ['plain', 'two words', "it's", 'a"b', '$x', '', '\\', '--x=a b']) t.same(words(quoteWord(word)), [word])
})
