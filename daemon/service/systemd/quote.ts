/** PURE: words and paths as systemd.service(5) and systemd.exec(5) read them. */

/** One argument of ExecStart=: what would be a specifier, a variable or an escape is none, and it stays one word. */
export function quoteArgument(word: string): string {
  const plain = word.replaceAll('%', '%%').replaceAll('$', '$$$$')
  if (/^[\w@%+=:,./$-]+$/.test(plain)) return plain
  return `"${plain.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
}

/** A path in BindPaths= and its like, where a colon would begin the destination. */
export function quoteBindPath(path: string): string {
  const plain = path.replaceAll('\\', '\\\\').replaceAll(':', '\\:').replaceAll('%', '%%').replaceAll('\n', '\\n')
  return /[\s"']/.test(plain) ? `"${plain.replaceAll('"', '\\"')}"` : plain
}

/** The whole value of a setting that takes one path or one line of text. */
export function quoteText(text: string): string {
  return text.replaceAll('%', '%%').replaceAll('\n', ' ')
}
