/** Pieces of what a VM has printed. */
import * as z from 'zod'

export const logRange = {
  offset: z.int().min(0).optional().describe('Byte to begin at; the last `limitBytes` where not said'),
  limitBytes: z.int().min(1).max(262_144).default(65_536).describe('Most to answer').meta({ unit: 'bytes' }),
}

export const LogPiece = z.object({
  text: z.string().describe('UTF-8; bytes that are not are shown as U+FFFD'),
  offset: z.int().describe('Where the text begins; larger than asked where older bytes are gone'),
  nextOffset: z.int().describe('Where the next one goes on'),
})
