/** PURE: for commands that are shown to people, to be run as they stand. */

/** One word of sh(1). */
export function quoteWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
