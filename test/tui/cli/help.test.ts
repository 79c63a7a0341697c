import t from 'tap'
import { derivedCommands } from '../../../tui/cli/command-table.ts'
import { renderHelp } from '../../../tui/cli/help.ts'
import { completeCommands } from '../../../tui/cli/own-commands.ts'

const table = completeCommands(derivedCommands)
const help = (...words: string[]): string => renderHelp(words, table, 80).join('\n')

t.test('the program, a group and each command explain themselves within the width', async (t) => {
  t.match(help(), /Usage: aetherscale \[COMMAND\][^]*vm create IMAGE[^]*--socket-dir DIR[^]*Exit status: 0 done/)
  t.match(help('image'), /Usage: aetherscale image COMMAND[^]*image import PATH/)
  for (const { words, options, positionals } of table.commands) {
    const text = help(...words)
    for (const { flag } of options) t.match(text, `-${flag}`, `${words.join(' ')} names ${flag}`)
    for (const { placeholder } of positionals) t.match(text, placeholder)
    t.ok(text.split('\n').every((line) => line.length <= 80), words.join(' '))
  }
})

t.test('options say their unit, choices and default as they are typed', async (t) => {
  const text = help('vm', 'create')
  t.match(text, /--memory SIZE +Memory of the guest \(a size: 512, 512M, 2G, 2GiB;\s+default\s+1 GiB\)/)
  t.match(text, /forward=FORWARD/)
  t.match(text, /--no-start +Not: Start it right away/)
  t.match(help('vm', 'wait'), /--for running\|agent\|init\|stopped/)
})

t.test('help for what is not there says what is', async (t) => {
  t.throws(() => help('vm', 'crate'), { message: 'there is no command "vm crate"', hint: 'did you mean vm create?' })
})
