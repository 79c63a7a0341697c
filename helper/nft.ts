/** nft(8): a process is a transaction. All lines of it hold, or none. */
import { execFile } from 'node:child_process'
import { FRAME, isFilterLine, readFiltered } from './filter.ts'
import { Refusal } from './refusal.ts'

const LIST = 'list map bridge aetherscale ports'

/** Puts lines into force; answers what {@link listFiltered} does, as of before or after. Throws NET_FAILED, and then nothing has changed. */
export async function changeFilter(program: string, lines: readonly string[]): Promise<ReadonlySet<string>> {
  for (const line of lines) if (!isFilterLine(line)) throw new Error(`not a line for nft: ${line}`)
  // by argument: nft opens its standard input by the name /dev/stdin, and a socket, as Node gives it, cannot be opened so
  return readFiltered(await run(program, [...FRAME, ...lines, LIST].join('\n')))
}

/** Names of the taps that a filter is in force for, whether they are there or not. None where nft(8) cannot tell. */
export async function listFiltered(program: string): Promise<ReadonlySet<string>> {
  return readFiltered(await run(program, LIST).catch(() => ''))
}

function run(program: string, script: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, [script], { env: {}, timeout: 10_000, killSignal: 'SIGKILL', maxBuffer: 2 ** 20 }, (error, told, words) => {
      if (error === null) return resolve(told)
      const reason = words.trim().slice(0, 500) || (error.signal ? `ended by ${error.signal}` : error.message)
      reject(new Refusal('NET_FAILED', `nft: ${reason}`, 'Without its filter no tap is made. Where there is no nft: apt-get install nftables'))
    })
  })
}
