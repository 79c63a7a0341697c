/** The process's surroundings, passed in so that nothing below `main.ts` reaches for globals. */
import type { Globals } from './parse.ts'
import { escapeJson } from './render/escape.ts'
import { createPaint, wantsColor, type Paint } from './render/paint.ts'

export interface Io {
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** URL of the program's own file: the daemon's is found beside it. */
  readonly program: string
}

/** Columns of prose: the terminal's where it knows them (0 is not knowing), within what is pleasant to read. */
export function proseWidth({ stdout }: Io): number {
  return Math.min(Math.max((stdout.isTTY && stdout.columns) || 80, 40), 100)
}

export function choosePaint(io: Io, globals: Globals): Paint {
  return createPaint(globals.color && wantsColor(io.stdout, io.env))
}

export function printLines(stream: NodeJS.WritableStream, lines: readonly string[]): void {
  if (lines.length > 0) stream.write(`${lines.join('\n')}\n`)
}

/** JSON as it came: indented for people's eyes, one line for programs. */
export function printJson({ stdout }: Io, value: unknown): void {
  stdout.write(`${escapeJson(JSON.stringify(value, null, stdout.isTTY ? 2 : 0))}\n`)
}

/** A remark that is no result: on stderr, and not for those who asked for quiet or for JSON. */
export function printNote(io: Io, globals: Globals, note: string | undefined): void {
  if (note !== undefined && !globals.quiet && !globals.json) io.stderr.write(`${note}\n`)
}
