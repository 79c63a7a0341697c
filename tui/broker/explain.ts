/** An error of the way to RabbitMQ, in words that may be logged. */

/** Without the password, in whatever spelling a library may quote it, and without any URL's user and password. */
export function scrub(text: string, password: string): string {
  const spellings = password === '' ? [] : [password, encodeURIComponent(password), Buffer.from(password).toString('base64'), JSON.stringify(password).slice(1, -1)]
  return spellings
    .reduce((clean, spelling) => clean.replaceAll(spelling, '***'), text)
    .replace(/(amqps?:\/\/)[^\s/]*@/g, '$1***@')
}

/** The message of an error, with the code of the system or of AMQP where that says more. */
export function explain(error: unknown, password: string): string {
  if (!(error instanceof Error)) return scrub(String(error), password)
  // A host with several addresses: Node tells of each, and of all nothing.
  const { message, code, errors } = error as Error & { code?: unknown; errors?: readonly Error[] }
  // The library begins with a code, and with this where RabbitMQ has refused the login.
  const said = message.replace(/^undefined: /, '') || errors?.map((each) => each.message).join(', ') || String(code)
  return scrub(said, password)
}
