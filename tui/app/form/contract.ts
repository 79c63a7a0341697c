/** PURE: what the contract says of a param, as the command line has it: its form, its bounds, what it is for. */
import { derivedCommands, type Field, type Shape } from '../../cli/command-table.ts'

export function paramOf(method: string, param: string): Field {
  const command = derivedCommands.commands.find((each) => each.method === method)
  const field = [...(command?.positionals ?? []), ...(command?.options ?? [])].find((each) => each.param === param)
  if (!field) throw new Error(`the command of ${method} has no ${param}`)
  return field
}

export function integerOf(method: string, param: string): Extract<Shape, { kind: 'integer' }> {
  const { shape } = paramOf(method, param)
  if (shape.kind !== 'integer') throw new Error(`${param} of ${method} is no number`)
  return shape
}
