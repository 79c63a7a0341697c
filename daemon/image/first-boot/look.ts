/** Looks into a disk with guestfish(1): its file systems are read by a kernel in a VM of its own, not by the host's. */
import { PassThrough } from 'node:stream'
import type { Accelerator } from '../../../policy/api/system.ts'
import type { FirstBootWay } from '../../../policy/api/first-boot.ts'
import type { Logger } from '../../log.ts'
import { guestfishEnvironment } from '../../qemu/guestfish.ts'
import { runProgram } from '../../qemu/program.ts'
import { locateProgram } from '../../service/environment.ts'
import { createQueues } from '../../vm/queue.ts'
import type { Look } from '../admit.ts'
import { askAll, LISTED, opening, readAnswers } from './questions.ts'

/** Its VM boots within seconds under KVM, and within half a minute without it on a busy machine. */
const TIMEOUT_MS = 180_000
/** All that is asked, many times over. */
const MOST_OUTPUT = 262_144

interface Deps {
  readonly accelerator: () => Promise<Accelerator>
  readonly log: Logger
}

/**
 * One look at a time, for each takes the memory of a VM. Where guestfish is not there, or does not get to the end, nothing
 * is claimed: that is no reason to refuse an image.
 */
export function createLook({ accelerator, log }: Deps): Look {
  const turns = createQueues<'appliance'>()
  return async (path, report) => {
    if (locateProgram('guestfish') === undefined) return undefined
    report('looking for what a first boot can be told by')
    return await turns.run('appliance', async () => {
      const { kind } = await accelerator()
      return await ask(path, kind, log)
    })
  }
}

async function ask(path: string, accelerator: Accelerator['kind'], log: Logger): Promise<FirstBootWay | undefined> {
  const input = new PassThrough()
  let output = ''
  let isAsked = false
  input.write(opening)
  const result = await runProgram('guestfish', ['--ro', '--format=qcow2', '--add', path], {
    timeoutMs: TIMEOUT_MS,
    env: guestfishEnvironment(accelerator),
    input,
    onOutput(text) {
      if (output.length < MOST_OUTPUT) output += text
      const listed = output.indexOf(`${LISTED}\n`)
      if (isAsked || listed < 0) return
      isAsked = true
      input.end(askAll(output.slice(0, listed)))
    },
  }).finally(() => input.destroy())
  if (result.exitCode === 0) return readAnswers(output)
  log.warn({ path, words: result.stderr.trim().slice(-500), timedOut: result.timedOut }, 'guestfish could not look into the image')
  return undefined
}
