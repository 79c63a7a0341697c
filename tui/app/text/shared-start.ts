/** PURE: the longest beginning that all of them share, in whole characters: half of one would be none. */
export function sharedStart(texts: readonly string[]): string {
  const [first = [], ...others] = texts.map((text) => [...text])
  const end = first.findIndex((character, index) => others.some((other) => other[index] !== character))
  return (end < 0 ? first : first.slice(0, end)).join('')
}
