/** What a command is handed to carry out. */
import type { Command, CommandTable } from './command-table.ts'
import type { Io } from './io.ts'
import type { Globals, Values } from './parse.ts'

export interface Request {
  readonly io: Io
  readonly table: CommandTable
  readonly command: Command
  /** The params of each request: several where several subjects were named, else one. */
  readonly requests: readonly Values[]
  readonly globals: Globals
}
