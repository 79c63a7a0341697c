/** The relay's log: one JSON object a line on stderr, as the daemon's. */
import { pino, type Logger } from 'pino'

export function createLog(level = 'info'): Logger {
  return pino({ level: level.toLowerCase(), base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ fd: 2, sync: true }))
}
