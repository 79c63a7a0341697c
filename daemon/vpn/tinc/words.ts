/** From what tincd 1.0 wrote to its log to the reason why it ended, in words for people. Pure. */
import { LINE_STAMP } from './nodes.ts'

type Reason = readonly [pattern: RegExp, say: (match: readonly string[]) => string]

const reasons: readonly Reason[] = [
  // It goes on where it has one socket at least, so a port that is taken for one family alone is no reason.
  [/^Can't bind to \S+ port (\d+)\/\w+: Address already in use\n(?:.*\n)*?Unable to create any listening socket!$/gm, ([, port]) => `another program has port ${port}`],
  [/^Can't bind to \S+ port (\d+)\/\w+: (?!Address already)(.+)\n(?:.*\n)*?Unable to create any listening socket!$/gm, ([, port, why]) => `it cannot listen on port ${port}: ${why}`],
  [/^Error while trying to configure \/dev\/net\/tun: Device or resource busy$/gm, () => 'another process has its tap'],
  [/^Error while trying to configure \/dev\/net\/tun: Operation not permitted$/gm, () => "its tap is missing, or not this user's"],
  [/^Could not open \/dev\/net\/tun: (.+)$/gm, ([, why]) => `/dev/net/tun cannot be opened: ${why}`],
  [/^Too many errors from \/dev\/net\/tun, exiting!$/gm, () => 'its tap was deleted'],
  [/^Error reading RSA private key file `.+': (.+)$/gm, ([, why]) => `its private key cannot be read: ${why}`],
  // what it adds is an errno of something else
  [/^Reading RSA private key file `.+' failed: .+$/gm, () => 'its private key is none'],
  [/^Cannot open config file .*\/(tinc\.conf|hosts\/\w+): (.+)$/gm, ([, file, why]) => `${file} cannot be read: ${why}`],
  [/^No value for variable `(.+)' on line (\d+) while reading config file .*\/(tinc\.conf|hosts\/\w+)$/gm, ([, word, line, file]) => `line ${line} of ${file} says nothing about "${word}"`],
  [/^Got (TERM|INT|QUIT) signal$/gm, ([, signal]) => `it was told to end (SIG${signal})`],
]

/** Lines that tell nothing of an end; among them what SIGUSR2 has it write, whose items begin with a blank. */
const CHATTER = /^(Ready|Got (HUP|ALRM) signal|Flushing event queue|Statistics for .*|Nodes:|Edges:|Subnet list:|End of .*\.| .*|Terminating|tincd .* starting, .*|\/dev\/net\/tun is a .*|Failed to read .*|)$/

/**
 * Why the last tincd that wrote to this log ended, in a few words that go on from "tincd ended: "; its own last words where
 * they are none that are known here, `undefined` where it said nothing.
 */
export function explainEnd(log: string): string | undefined {
  const lines = log.split('\n').map((line) => line.replace(LINE_STAMP, '').replace(/\p{Cc}/gu, ' ').trimEnd())
  const run = lines.slice(lines.findLastIndex((line) => /^tincd .* starting, /.test(line)) + 1)
  const text = run.join('\n')
  const found = reasons.flatMap(([pattern, say]) => Array.from(text.matchAll(pattern), (match) => ({ at: match.index, words: say(match) })))
  const last = found.sort((a, b) => a.at - b.at).at(-1)
  return last?.words ?? run.findLast((line) => !CHATTER.test(line))?.slice(0, 200)
}
