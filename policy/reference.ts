/** The method table -> the reference page in Markdown. Pure: the same table gives the same text. */
import { errorTable, exitStatus } from './errors.ts'
import type { ErrorName } from './errors.ts'
import { everyMethod, methods } from './api/index.ts'
import { notifications } from './api/events.ts'
import type { Method } from './api/method.ts'
import { deriveRoutes, type Route } from './http/routes.ts'
import { BATCH_LIMIT, CONTROL_SOCKET, LINE_LIMIT, OBSERVE_SOCKET, SOCKET_PATH_LIMIT } from './wire.ts'
import { SchemaReader } from './schema-reader.ts'

/** The whole page, as policy/REFERENCE.md has it. */
export function renderReference(): string {
  const table: Readonly<Record<string, Method>> = methods
  const reader = new SchemaReader()
  const routes = deriveRoutes()
  const parts = [
    `# Reference

Derived from the method table by \`npm run generate\`; do not edit.`,
    renderWire(),
    `## Methods

${Object.entries(table).map(([name, { summary, access }]) => `- [\`${name}\`](#${anchor(name)}) (${access}): ${summary}`).join('\n')}`,
    ...Object.entries(table).map(([name, method]) => renderMethod(name, method, reader, routes)),
    `## Notifications

Lines without an id, from the daemon to a client.`,
    ...Object.entries(notifications).map(([name, { summary, params }]) => `### ${name}

${summary}.

${reader.render(params, 'output')}`),
    renderErrors(),
  ]
  // the shared types come last: the methods before have told which there are
  return `${[...parts, renderTypes(reader)].join('\n\n')}\n`
}

function renderWire(): string {
  return `## Wire

JSON-RPC 2.0 over a Unix socket: one JSON text a line, UTF-8 without a byte order mark, \`\\n\` at its end.

- \`${CONTROL_SOCKET}\` serves every method, \`${OBSERVE_SOCKET}\` only those of access *observe*.
- A line is at most ${LINE_LIMIT.toLocaleString('en')} bytes; a longer one is answered by \`LINE_TOO_LONG\`, and the connection is closed.
- A batch holds at most ${BATCH_LIMIT} requests.
- The path of a socket is at most ${SOCKET_PATH_LIMIT} bytes (\`sun_path\`, unix(7)).
- A last line needs no newline: the answers still come after the client has shut down its sending side.
- An answer to a line that cannot be read has the id \`null\`.

\`aetherscale http\` serves the methods over HTTP, at the routes named below, and describes them at \`/v1/openapi.json\`.`
}

function renderMethod(name: string, method: Method, reader: SchemaReader, all: readonly Route[]): string {
  const routes = all.filter((route) => route.method === name).map(({ verb, path }) => `\`${verb} ${path}\``)
  const notes = [
    method.command && `Command: \`aetherscale ${method.command.words.join(' ')}\`.`,
    routes.length > 0 && `HTTP: ${routes.join(' or ')}.`,
    method.progress && 'Sends [`progress`](#progress) while it works.',
    method.upgrade && 'After the answer the connection carries raw bytes.',
  ].filter(Boolean)
  const own = method.errors.map((error) => `\`${error}\``).join(', ')
  return [
    `### ${name}`,
    `${method.summary}. Access: *${method.access}*. ${notes.join(' ')}`.trimEnd(),
    ...(method.description ? [method.description] : []),
    '**Params**',
    reader.render(method.params, 'input'),
    '**Result**',
    reader.render(method.result, 'output'),
    ...(own ? ['**Errors**', `${own}.`] : []),
  ].join('\n\n')
}

function renderErrors(): string {
  const names = Object.keys(errorTable) as ErrorName[]
  const rows = names.map((name) => {
    const { code, exit, summary } = errorTable[name]
    return `| \`${name}\` | ${code} | ${exitStatus[exit]} (${exit}) | ${summary} |`
  })
  const anywhere = everyMethod.map((name) => `\`${name}\``).join(', ')
  return `## Errors

An error has \`code\`, \`message\` (what happened and why) and \`data\`: \`name\` (what scripts compare), and where they
help \`field\` (the param that is wrong), \`hint\` (what to do) and \`ref\` (the key of the daemon's log line).
*Exit* is the exit status of the command \`aetherscale\`; it is 0 where all went well.
Any method can meet ${anywhere}.

| name | code | exit | meaning |
|---|---|---|---|
${rows.join('\n')}`
}

function renderTypes(reader: SchemaReader): string {
  return ['## Types', ...reader.renderTypes()].join('\n\n')
}

/** As GitHub makes the anchor of a heading. */
function anchor(name: string): string {
  return name.toLowerCase().replaceAll('.', '')
}
