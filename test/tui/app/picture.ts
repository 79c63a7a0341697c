/**
 * Pictures of frames: text files in pictures/, one for each screen and size, which a frame has to be equal to.
 *
 *     UPDATE_PICTURES=1 node --import ./.build/tests/tsx.ts test/tui/app/…
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { Test } from 'tap'
import type { State } from '../../../tui/app/model/state.ts'
import { drawFrame, LARGE, SMALL, type Look } from './screen.tsx'

/** Compares with `pictures/NAME-80x24.txt` and `pictures/NAME-120x40.txt`. */
export async function matchPictures(t: Test, name: string, state: State, look?: Look): Promise<void> {
  for (const size of [SMALL, LARGE]) {
    const frame = `${await drawFrame({ ...state, size }, look)}\n`
    const lines = frame.split('\n')
    t.ok(lines.length - 1 <= size.rows, `${name}: not higher than the terminal`)
    matchPicture(t, `${name}-${size.columns}x${size.rows}`, frame)
  }
}

export function matchPicture(t: Test, name: string, frame: string): void {
  const file = new URL(`pictures/${name}.txt`, import.meta.url)
  if (process.env['UPDATE_PICTURES']) writeFileSync(file, frame)
  t.equal(frame, existsSync(file) ? readFileSync(file, 'utf8') : '', `as in ${basename(file.pathname)}`)
}
