/** What tincd 1.0 writes to its log at SIGUSR2, at every debug level: statistics, nodes, edges and subnets. Pure. */

/** What --logfile puts in front of a line; on standard error there is none. */
export const LINE_STAMP = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d tinc(\.\w+)?\[\d+\]: /

/** `reachable` in node_status_t of tinc's node.h. */
const REACHABLE = 0x10

/**
 * Which hosts tincd reaches, itself among them, by the last whole list of nodes in a log; empty where there is none. A host
 * that is not in the list is not reached: one that nobody is connected to any more is forgotten.
 */
export function readNodes(log: string): ReadonlyMap<string, boolean> {
  const lines = log.split('\n').map((line) => line.replace(LINE_STAMP, '').trimEnd())
  const end = lines.lastIndexOf('End of nodes.')
  const start = lines.lastIndexOf('Nodes:', end)
  if (start < 0 || end < 0) return new Map()
  return new Map(lines.slice(start + 1, end).flatMap(readNode))
}

function readNode(line: string): [name: string, isReachable: boolean][] {
  const [, name, status] = /^ (\w+) at .* status ([0-9a-f]{4}) nexthop /.exec(line) ?? []
  return name === undefined || status === undefined ? [] : [[name, (Number.parseInt(status, 16) & REACHABLE) !== 0]]
}
