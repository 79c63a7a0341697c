/** How what is shown looks: 16 colours by their meaning, and characters that the terminal has. */
import { createContext, useContext } from 'react'
import { wantsColor, type Paint } from '../../cli/render/paint.ts'
import { createColors } from './colors.ts'
import { chooseGlyphs, type Glyphs } from './glyphs.ts'

export interface Theme {
  readonly glyphs: Glyphs
  /** By what it means: a state, a status, `error`, `key`, `title`. Without colours the text as it is. */
  readonly paint: Paint
  /** SGR attributes, which are no colours: they are there also with NO_COLOR. */
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly inverse: (text: string) => string
}

/** Select Graphic Rendition (ECMA-48, 8.3.117), set and reset. */
const attribute = (set: number, reset: number) => (text: string) => (text === '' ? '' : `\u001b[${set}m${text}\u001b[${reset}m`)

export function createTheme(env: Readonly<Record<string, string | undefined>>, stdout: { readonly isTTY?: boolean }, color = true): Theme {
  return {
    glyphs: chooseGlyphs(env),
    paint: createColors(color && wantsColor(stdout, env)),
    bold: attribute(1, 22),
    dim: attribute(2, 22),
    inverse: attribute(7, 27),
  }
}

/** Given once, at the root. */
export const ThemeContext = createContext<Theme | undefined>(undefined)

export function useTheme(): Theme {
  const theme = useContext(ThemeContext)
  if (!theme) throw new Error('no theme above this component')
  return theme
}
