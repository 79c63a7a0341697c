/**
 * A result that is JSON already. What is asked often and changes seldom is kept as text: making the text anew is most of
 * what such an answer costs.
 */
export class JsonText {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}
