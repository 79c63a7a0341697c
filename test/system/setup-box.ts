import type { Host } from './host-box.ts'

/** What a command printed, and how it ended; where it fails as well. */
export function runIn(host: Host, line: string): { status: number; output: string } {
  const output = host.sh(`{ ${line}; } </dev/null 2>&1 || echo "status $?"`)
  const [, status = '0'] = /^status (\d+)$/m.exec(output) ?? []
  return { status: Number(status), output }
}
