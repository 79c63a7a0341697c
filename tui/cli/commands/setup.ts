/** `aetherscale setup`: hands the terminal to the program that sets a host up. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import type { Field } from '../command-table.ts'
import type { Values } from '../parse.ts'
import type { Request } from '../request.ts'
import { findCompanion } from './companion.ts'

export async function runSetup({ io, command, requests: [values = {}] }: Request): Promise<number> {
  const child = spawn(process.execPath, [setupProgram(io.program), ...spellOptions(command.options, values)], { stdio: 'inherit', env: io.env })
  // Ctrl-C reaches both; what it means is the setup's to say
  const ignore = (): void => undefined
  process.on('SIGINT', ignore)
  try {
    const [status, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
    return status ?? 128 + constants.signals[signal!]
  } finally {
    process.off('SIGINT', ignore)
  }
}

/** The options as they were typed. */
export function spellOptions(fields: readonly Field[], values: Values): string[] {
  return fields.flatMap(({ flag, param, shape }) => {
    const value = values[param]
    if (value === undefined) return []
    if (shape.kind === 'boolean') return [`--${flag}`]
    return ([value].flat() as string[]).map((each) => `--${flag}=${each}`)
  })
}

export function setupProgram(program: string): string {
  return findCompanion(program, { bundle: 'aetherscale-setup.js', source: '../daemon/install/setup/main.ts' })
}
