/** A body's text -> the params in it. Pure. */
import { isDeeper } from '../json-depth.ts'
import { HttpProblem } from './http-problem.ts'

/**
 * JSON that is nested deeper than anything asked for would end the stack of whoever writes it out again.
 *
 * @throws HttpProblem BODY_INVALID
 */
export function readBody(bytes: Uint8Array, depth: number): Record<string, unknown> {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new HttpProblem('BODY_INVALID', 'The body is not UTF-8')
  }
  if (text.trim() === '') return {}
  if (isDeeper(text, depth)) throw new HttpProblem('BODY_INVALID', `The body is nested more than ${depth} deep`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new HttpProblem('BODY_INVALID', `The body is not JSON: ${(error as Error).message}`)
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new HttpProblem('BODY_INVALID', 'The body is not a JSON object')
}
