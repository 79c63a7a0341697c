/** What proc(5) tells of a tincd of ours. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'
import { readOrNothing } from '../../service/process.ts'

export function isTincd(pid: number): boolean {
  return readOrNothing(() => basename(readlinkSync(`/proc/${pid}/exe`)) === 'tincd') ?? false
}

/** The tincd with this configuration; one that cannot be looked into is none of ours. */
export function findTincd(tinc: string): number | undefined {
  const isOurs = (pid: number): boolean =>
    isTincd(pid) && (readOrNothing(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')) ?? '').split('\0').includes(`--config=${tinc}`)
  return readdirSync('/proc').map(Number).find((pid) => Number.isInteger(pid) && isOurs(pid))
}
