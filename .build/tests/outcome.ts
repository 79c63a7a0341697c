/** What came of one test. */
export interface Outcome {
  /** Where it is declared: a test file, or the name of a check. */
  readonly file: string
  /** The names of the tests around it and its own, joined by ` > `; empty for what concerns the whole file. */
  readonly name: string
  readonly result: 'passed' | 'failed' | 'skipped'
  /** Why it was skipped, or how it failed. */
  readonly detail?: string
}
