/** A failed test point in words: what tap says about it, without what repeats itself. */
import type { TapError } from 'tap-parser'

/** In this order; whatever else tap says is left out, but for the source line, which the place says. */
const TOLD = ['diff', 'found', 'wanted', 'error', 'signal', 'expired', 'message', 'stack'] as const

export function describePoint(point: TapError): string {
  const title = 'name' in point && point.name ? String(point.name) : (point.tapError ?? 'failed')
  const diagnostics = ('diag' in point ? point.diag : undefined) as Record<string, unknown> | null | undefined
  const lines = [title, ...place(diagnostics)]
  for (const key of TOLD) {
    const value = diagnostics?.[key]
    if (value === undefined || value === null) continue
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    lines.push(...(key === 'diff' || key === 'stack' ? text : `${key}: ${text}`).trimEnd().split('\n').map(indent))
  }
  return lines.join('\n')
}

function place(diagnostics: Record<string, unknown> | null | undefined): string[] {
  const at = diagnostics?.['at'] as { fileName?: string; lineNumber?: number } | null | undefined
  return at?.fileName ? [indent(`at ${at.fileName}:${at.lineNumber ?? '?'}`)] : []
}

const indent = (line: string) => `  ${line}`
