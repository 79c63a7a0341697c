import t from 'tap'
import { deriveState, type Seen } from '../../../daemon/vm/state.ts'

const idle: Seen = { phase: 'ready', operation: undefined, process: 'none', hasDisk: true }

const table: readonly [string, Partial<Seen>, string][] = [
  ['a VM with a disk and no QEMU is stopped', {}, 'stopped'],
  ['one whose disk is gone is broken', { hasDisk: false }, 'broken'],
  ['one with a QEMU runs, whatever became of its disk', { process: 'running', hasDisk: false }, 'running'],
  ['one whose guest is held is paused', { process: 'paused' }, 'paused'],
  ['one that is not whole yet is being created, also when QEMU is there already', { phase: 'creating', process: 'running' }, 'creating'],
  ['a start shows as starting, also once QEMU is there', { operation: 'start', process: 'running' }, 'starting'],
  ['a stop shows as stopping', { operation: 'stop', process: 'running' }, 'stopping'],
  ['a restart stops first', { operation: 'restart', process: 'running' }, 'stopping'],
  ['and then starts', { operation: 'restart', process: 'none' }, 'starting'],
  ['a delete shows as deleting', { operation: 'delete', process: 'running' }, 'deleting'],
  ['and still does after a crash', { phase: 'deleting', process: 'running' }, 'deleting'],
]

for (const [sentence, seen, state] of table) {
  t.test(sentence, (t) => {
    t.equal(deriveState({ ...idle, ...seen }), state)
    t.end()
  })
}
