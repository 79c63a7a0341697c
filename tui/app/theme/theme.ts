/** How what is shown looks: 16 colours by their meaning, and characters that the terminal has. */
import { createContext, useContext } from 'react'
import { wantsColor, type Paint } from '../../cli/render/paint.ts'
import { createColors } from './colors.ts'
import { chooseGlyphs, spokenGlyphs, type Glyphs } from './glyphs.ts'
import { pointOut } from './point-out.ts'

export interface Theme {
  readonly glyphs: Glyphs
  /** By what it means: a state, a status, `error`, `key`, `title`. Without colours the text as it is. */
  readonly paint: Paint
  /** SGR attributes, which are no colours: they are there also with NO_COLOR. */
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly inverse: (text: string) => string
  /** The terminal has no attributes: characters say what they would. */
  readonly plain: boolean
}

export interface Wishes {
  readonly color?: boolean
  /** For a screen reader: no attributes, and no graphs. */
  readonly spoken?: boolean
}

const asItIs = (text: string): string => text

/** Select Graphic Rendition (ECMA-48, 8.3.117), set and reset. */
const attribute = (set: number, reset: number) => (text: string) => (text === '' ? '' : `\u001b[${set}m${text}\u001b[${reset}m`)

export function createTheme(env: Readonly<Record<string, string | undefined>>, stdout: { readonly isTTY?: boolean }, { color = true, spoken = false }: Wishes = {}): Theme {
  if (spoken) return { glyphs: spokenGlyphs, paint: asItIs, bold: asItIs, dim: asItIs, inverse: asItIs, plain: false }
  // terminfo(5) has no attributes for it.
  if (env['TERM'] === 'dumb') return { glyphs: chooseGlyphs(env), paint: asItIs, bold: asItIs, dim: asItIs, inverse: pointOut, plain: true }
  return {
    glyphs: chooseGlyphs(env),
    paint: createColors(color && wantsColor(stdout, env)),
    bold: attribute(1, 22),
    dim: attribute(2, 22),
    inverse: attribute(7, 27),
    plain: false,
  }
}

/** Given once, at the root. */
export const ThemeContext = createContext<Theme | undefined>(undefined)

export function useTheme(): Theme {
  const theme = useContext(ThemeContext)
  if (!theme) throw new Error('no theme above this component')
  return theme
}
