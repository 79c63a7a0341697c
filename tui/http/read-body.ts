/** A body's text -> the params in it. Pure. */
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

/** Counts brackets outside of strings; of a text that is no JSON it may say anything. */
function isDeeper(text: string, limit: number): boolean {
  let depth = 0
  let isString = false
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (isString) {
      if (char === '\\') at += 1
      else if (char === '"') isString = false
    } else if (char === '"') isString = true
    else if (char === '{' || char === '[') {
      depth += 1
      if (depth > limit) return true
    } else if (char === '}' || char === ']') depth -= 1
  }
  return false
}
