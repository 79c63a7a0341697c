/** An error, with what to do about it, for those who are given a line and no more. Pure. */
export function inOneLine(error: unknown): string {
  const { message, hint } = error as { readonly message: string; readonly hint?: string }
  return hint === undefined ? message : `${message}; ${hint}`
}
