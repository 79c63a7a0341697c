/** PURE: the help of a screen, from the one table of keys. */
import type { ScreenName } from '../model/views.ts'
import { bindingsOf } from './keymap.ts'

/** A title, or keys with what they do. */
type HelpLine = { readonly title: string } | { readonly keys: string; readonly about: string }

export function helpLines(screen: ScreenName): HelpLine[] {
  return bindingsOf(screen).flatMap(({ title, bindings }, index) => [
    ...(index === 0 ? [] : [{ title: '' }]),
    { title },
    ...bindings.map(({ keys, about }) => ({ keys: keys.join(' '), about })),
  ])
}
