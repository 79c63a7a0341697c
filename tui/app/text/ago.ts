/** PURE: times for people. */

/** How long something lasts, in six cells at the most: `42s`, `12m`, `5h12m`, `3d4h`, `270d`. */
export function formatSpan(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 60) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return `${hours}h${minutes % 60}m`
  const days = Math.floor(hours / 24)
  return days < 100 ? `${days}d${hours % 24}h` : `${days}d`
}

/** When something was, in the terminal's own time zone: the time of day, of another day the date too. */
export function formatWhen(at: number | string, now: number): string {
  const [then, today] = [new Date(at), new Date(now)]
  if (then.toDateString() === today.toDateString()) return formatClock(at)
  return `${twoDigits(then.getMonth() + 1)}-${twoDigits(then.getDate())} ${formatClock(at).slice(0, 5)}`
}

/** Time of day, in the terminal's own time zone. */
export function formatClock(at: number | string): string {
  const date = new Date(at)
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(':')
}

function twoDigits(part: number): string {
  return String(part).padStart(2, '0')
}

/** Date, likewise: `2026-03-01`. */
export function formatDay(at: number | string): string {
  const date = new Date(at)
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()].map(twoDigits).join('-')
}

/** Date and time of day, likewise: `2026-03-01 12:00:00`. */
export function formatMoment(at: number | string): string {
  return `${formatDay(at)} ${formatClock(at)}`
}
